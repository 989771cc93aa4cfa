"""Quotes of rooms, and votes for them"""

from alembic import op
from sqlalchemy import UniqueConstraint

from migrations.columns import count, create_table, moment, string, text_

revision = "quote_001"
down_revision = None
branch_labels = ("quote",)


def upgrade() -> None:
    """Two tables."""
    create_table(
        "quote_quotes",
        string("channel", True),
        text_("text", True),
        string("author", True),
        string("added_by", True),
        string("name_key", True),
        moment("added_at", True),
        count("score"),
    )
    op.create_index("quote_quotes_channel_score", "quote_quotes", ["channel", "score"])
    create_table(
        "quote_votes",
        count("quote_id"),
        string("channel", True),
        string("username", True),
        string("name_key", True),
        UniqueConstraint("quote_id", "name_key", name="quote_votes_quote_id_name_key"),
    )


def downgrade() -> None:
    """Forgets all quotes."""
    for name in ("votes", "quotes"):
        op.drop_table(f"quote_{name}")
