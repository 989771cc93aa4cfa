"""Finished games, their results, and people's statistics"""

from alembic import op
from sqlalchemy import UniqueConstraint

from migrations.columns import count, create_table, flag, moment, number, string

revision = "trivia_001"
down_revision = None
branch_labels = ("trivia",)


def upgrade() -> None:
    """Three tables."""
    create_table(
        "trivia_games",
        string("game", True),
        string("channel", True),
        string("category"),
        count("questions"),
        flag("stopped"),
        count("players"),
        string("winner"),
        moment("finished_at", True),
        UniqueConstraint("game", name="trivia_games_game"),
    )
    create_table(
        "trivia_results",
        string("game", True),
        string("channel", True),
        string("username", True),
        string("name_key", True),
        *(count(name) for name in ("place", "score", "correct", "answered", "best_streak")),
        number("fastest"),
        UniqueConstraint("game", "name_key", name="trivia_results_game_name_key"),
    )
    counts = ("games", "wins", "score", "correct", "answered", "best_streak", "best_score")
    create_table(
        "trivia_players",
        string("channel", True),
        string("username", True),
        string("name_key", True),
        *(count(name) for name in counts),
        number("fastest"),
        moment("last_played"),
        UniqueConstraint("channel", "name_key", name="trivia_players_channel_name_key"),
    )
    op.create_index("trivia_players_channel_score", "trivia_players", ["channel", "score"])


def downgrade() -> None:
    """Forgets all games."""
    for name in ("players", "results", "games"):
        op.drop_table(f"trivia_{name}")
