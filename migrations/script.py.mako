"""${message}"""

from alembic import op
from sqlalchemy import Column

from migrations import columns

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels) if branch_labels else None}


def upgrade() -> None:
    """Makes what is new."""


def downgrade() -> None:
    """Takes it away again."""
