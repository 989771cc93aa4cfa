"""What is queued in each room, in its order"""

from alembic import op
from sqlalchemy import UniqueConstraint

from migrations.columns import amount, count, create_table, moment, string

revision = "playlist_001"
down_revision = None
branch_labels = ("playlist",)


def upgrade() -> None:
    """One table."""
    create_table(
        "playlist_queue",
        string("channel", True),
        count("position"),
        string("media_type", True),
        string("media_id", True),
        string("title", True),
        amount("duration"),
        string("added_by", True),
        moment("added_at", True),
        UniqueConstraint("channel", "position", name="playlist_queue_channel_position"),
    )
    op.create_index("playlist_queue_channel", "playlist_queue", ["channel"])


def downgrade() -> None:
    """Forgets what is queued."""
    op.drop_table("playlist_queue")
