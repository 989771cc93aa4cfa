"""What each person added, and what became of it"""

from alembic import op
from sqlalchemy import UniqueConstraint

from migrations.columns import amount, count, create_table, moment, string

revision = "playlist_003"
down_revision = "playlist_002"


def upgrade() -> None:
    """One table."""
    create_table(
        "playlist_user_stats",
        string("user_id", True),
        *(count(name) for name in ("items_added", "items_played", "items_skipped")),
        *(amount(name) for name in ("total_duration_added", "total_duration_played")),
        moment("last_add"),
        UniqueConstraint("user_id", name="playlist_user_stats_user_id"),
    )


def downgrade() -> None:
    """Forgets people's statistics."""
    op.drop_table("playlist_user_stats")
