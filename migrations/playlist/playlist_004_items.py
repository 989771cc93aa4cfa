"""What a restored item needs, and what was really watched"""

from alembic import op
from sqlalchemy import String, Text

from migrations.columns import amount, flag, string, text_

revision = "playlist_004"
down_revision = "playlist_003"

# SQLite makes a table anew to change a column; its ids must still never come again.
KEPT = {"sqlite_autoincrement": True}


def upgrade() -> None:
    """Columns in two tables; a media id may be a long link."""
    new = {
        "playlist_queue": (string("item_id"), text_("thumbnail"), flag("live"), flag("parked")),
        "playlist_history": (string("item_id"), string("name_key"), amount("watched_seconds")),
    }
    for table, columns in new.items():
        with op.batch_alter_table(table, table_kwargs=KEPT) as batch:
            batch.alter_column(
                "media_id", existing_type=String(255), type_=Text, existing_nullable=False
            )
            for column in columns:
                batch.add_column(column)
    op.execute("UPDATE playlist_history SET name_key = lower(added_by)")
    op.create_index("playlist_history_name_key", "playlist_history", ["name_key", "played_at"])
    op.create_index("playlist_history_played_at", "playlist_history", ["channel", "played_at"])


def downgrade() -> None:
    """Forgets those columns; a link that no longer fits is cut."""
    for name in ("name_key", "played_at"):
        op.drop_index(f"playlist_history_{name}", "playlist_history")
    gone = {
        "playlist_queue": ("item_id", "thumbnail", "live", "parked"),
        "playlist_history": ("item_id", "name_key", "watched_seconds"),
    }
    for table, names in gone.items():
        with op.batch_alter_table(table, table_kwargs=KEPT) as batch:
            for name in names:
                batch.drop_column(name)
            batch.alter_column(
                "media_id",
                existing_type=Text,
                type_=String(255),
                existing_nullable=False,
                postgresql_using="left(media_id, 255)",
            )
