"""What was played in each room, and for how long"""

from alembic import op

from migrations.columns import amount, create_table, flag, moment, string

revision = "playlist_002"
down_revision = "playlist_001"


def upgrade() -> None:
    """One table."""
    create_table(
        "playlist_history",
        string("channel", True),
        string("media_type", True),
        string("media_id", True),
        string("title", True),
        amount("duration"),
        string("added_by", True),
        moment("played_at", True),
        amount("play_duration"),
        flag("skipped"),
    )
    for name in ("channel", "added_by"):
        op.create_index(f"playlist_history_{name}", "playlist_history", [name])


def downgrade() -> None:
    """Forgets what was played."""
    op.drop_table("playlist_history")
