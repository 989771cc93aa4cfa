"""The service's own tables, and the memory of a room"""

from alembic import op
from sqlalchemy import BigInteger, Column, Float, Integer, String, Text, UniqueConstraint

from migrations.columns import amount, count, create_table, flag, moment, string, text_

revision = "core_001"
down_revision = None
branch_labels = ("core",)

TABLES = ("chat", "users", "actions", "channels", "user_counts", "outbound", "cursors")


def upgrade() -> None:
    """As core/database/own_tables.py has them, and the room's."""
    _own()
    _said_and_done()
    _people_and_channels()
    create_table(
        "core_cursors",
        string("name", True),
        count("position"),
        string("detail"),
        UniqueConstraint("name", name="core_cursors_name"),
    )


def downgrade() -> None:
    """Forgets everything."""
    for name in reversed(TABLES):
        op.drop_table(f"core_{name}")
    for name in ("audit", "idempotency", "kv"):
        op.drop_table(f"db_{name}")


def _own() -> None:
    # Sorted and compared by bytes on both databases.
    key = String(255).with_variant(String(255, collation="C"), "postgresql")
    op.create_table(
        "db_kv",
        Column("plugin", String(64), primary_key=True),
        Column("key", key, primary_key=True),
        Column("value", Text, nullable=False),
        Column("expires_at", BigInteger),
    )
    op.create_index("db_kv_expires_at", "db_kv", ["expires_at"])
    op.create_table(
        "db_idempotency",
        Column("plugin", String(64), primary_key=True),
        Column("key", key, primary_key=True),
        Column("result", Text, nullable=False),
        Column("at", BigInteger, nullable=False),
    )
    op.create_index("db_idempotency_at", "db_idempotency", ["at"])
    op.create_table(
        "db_audit",
        Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
        Column("at", BigInteger, nullable=False),
        Column("plugin", String(64), nullable=False),
        Column("operation", String(32), nullable=False),
        Column("table_name", String(255), nullable=False),
        Column("rows", Integer, nullable=False),
        Column("seconds", Float, nullable=False),
        Column("outcome", String(32), nullable=False),
    )
    op.create_index("db_audit_at", "db_audit", ["at"])


def _said_and_done() -> None:
    create_table(
        "core_chat",
        string("message_id", True),
        string("channel", True),
        string("username", True),
        text_("text", True),
        moment("sent_at", True),
        flag("own"),
        UniqueConstraint("message_id", name="core_chat_message_id"),
    )
    op.create_index("core_chat_channel_sent_at", "core_chat", ["channel", "sent_at"])
    create_table(
        "core_actions",
        string("action_id", True),
        string("channel", True),
        string("username"),
        string("kind", True),
        text_("detail"),
        moment("at", True),
        UniqueConstraint("action_id", name="core_actions_action_id"),
    )
    op.create_index("core_actions_channel_at", "core_actions", ["channel", "at"])
    create_table(
        "core_outbound",
        string("action_id", True),
        string("channel", True),
        string("kind", True),
        text_("text"),
        moment("sent_at"),
        moment("at", True),
        UniqueConstraint("action_id", name="core_outbound_action_id"),
    )


def _people_and_channels() -> None:
    create_table(
        "core_users",
        string("channel", True),
        string("username", True),
        string("name_key", True),
        moment("first_seen"),
        moment("last_seen"),
        count("lines"),
        amount("seconds_connected"),
        moment("online_since"),
        UniqueConstraint("channel", "name_key", name="core_users_channel_name_key"),
    )
    op.create_index("core_users_channel_lines", "core_users", ["channel", "lines"])
    create_table(
        "core_channels",
        string("channel", True),
        count("peak_users"),
        moment("peak_at"),
        count("users"),
        moment("users_at"),
        count("lines"),
        UniqueConstraint("channel", name="core_channels_channel"),
    )
    create_table(
        "core_user_counts",
        string("channel", True),
        moment("at", True),
        count("users"),
        UniqueConstraint("channel", "at", name="core_user_counts_channel_at"),
    )
