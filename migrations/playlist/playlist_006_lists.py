"""Lists that people have saved in a room"""

from alembic import op
from sqlalchemy import UniqueConstraint

from migrations.columns import amount, count, create_table, moment, string, text_

revision = "playlist_006"
down_revision = "playlist_005"


def upgrade() -> None:
    """Two tables."""
    create_table(
        "playlist_lists",
        string("channel", True),
        string("name", True),
        string("owner", True),
        string("name_key", True),
        count("items"),
        moment("saved_at", True),
        UniqueConstraint("channel", "name", name="playlist_lists_channel_name"),
    )
    create_table(
        "playlist_list_items",
        string("channel", True),
        string("list", True),
        count("position"),
        string("media_type", True),
        text_("media_id", True),
        string("title", True),
        amount("duration"),
        string("added_by", True),
        string("name_key", True),
        UniqueConstraint("channel", "list", "position", name="playlist_list_items_position"),
    )


def downgrade() -> None:
    """Forgets all saved lists."""
    for name in ("list_items", "lists"):
        op.drop_table(f"playlist_{name}")
