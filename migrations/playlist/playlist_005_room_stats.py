"""What each person added in each room, and what became of it"""

from alembic import op
from sqlalchemy import UniqueConstraint

from migrations.columns import amount, count, create_table, moment, string

revision = "playlist_005"
down_revision = "playlist_004"


def upgrade() -> None:
    """One table."""
    create_table(
        "playlist_room_stats",
        string("channel", True),
        string("user_id", True),
        string("username", True),
        *(count(name) for name in ("items_added", "items_played", "items_skipped")),
        *(amount(name) for name in ("total_duration_added", "total_duration_played")),
        moment("last_add"),
        UniqueConstraint("channel", "user_id", name="playlist_room_stats_channel_user_id"),
    )


def downgrade() -> None:
    """Forgets people's statistics by room; those of all rooms stay."""
    op.drop_table("playlist_room_stats")
