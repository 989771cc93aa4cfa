"""What the room reads of what is kept about its players."""

from collections.abc import Sequence

from rosey.contracts.storage import Row
from rosey.contracts.trivia import LONGEST_NAME

MEDALS = {1: "🥇", 2: "🥈", 3: "🥉"}

AWAY = (
    "I cannot look that up right now: the database does not answer. Games go on meanwhile and "
    "are written down when it is back; try again in a minute."
)
NOBODY = "Nobody has scored at trivia here yet. !trivia start begins a game."


def stranger(name: str, oneself: bool) -> str:
    if oneself:
        return "You have not played trivia here yet. !trivia start begins a game."
    return f"{name[:LONGEST_NAME]} has not played trivia here yet."


def statistics(person: Row) -> str:
    """A person's row of `players` in one line."""
    parts = [
        _count(person["games"], "game"),
        f"{person['wins']:,} won",
        _count(person["score"], "point"),
    ]
    if person["answered"]:
        parts.append(f"{100 * person['correct'] / person['answered']:.0f}% right")
    parts.append(f"best streak {person['best_streak']}")
    if person["fastest"] is not None:
        parts.append(f"fastest {person['fastest']:.1f} s")
    return f"📊 {person['username']}: {', '.join(parts)}"


def leaderboard(people: Sequence[Row]) -> str:
    """Rows of `players`, best first, in one line; who has as many points shares a place."""
    if not people:
        return NOBODY
    scores = [person["score"] for person in people]
    shown = [_line(scores.index(person["score"]) + 1, person) for person in people]
    return f"🏆 {', '.join(shown)}"


def _line(place: int, person: Row) -> str:
    return f"{MEDALS.get(place, f'{place}.')} {person['username']} {person['score']:,}"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
