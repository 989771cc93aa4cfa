"""Which changes are written already, so that none counts twice"""

from alembic import op
from sqlalchemy import UniqueConstraint

from migrations.columns import create_table, moment, string

revision = "playlist_007"
down_revision = "playlist_006"


def upgrade() -> None:
    """One table."""
    create_table(
        "playlist_changes",
        string("change_id", True),
        string("channel", True),
        moment("at", True),
        UniqueConstraint("change_id", name="playlist_changes_change_id"),
    )
    op.create_index("playlist_changes_channel_at", "playlist_changes", ["channel", "at"])


def downgrade() -> None:
    """Forgets what is written already: a change that comes again counts again."""
    op.drop_table("playlist_changes")
