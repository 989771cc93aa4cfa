"""What the room reads of what is kept about its players."""

from collections.abc import Sequence

from rosey.contracts.storage import Row
from rosey.names import LONGEST_NAME

MEDALS = {1: "🥇", 2: "🥈", 3: "🥉"}

AWAY = (
    "I cannot look that up right now: the database does not answer. Games go on meanwhile and "
    "are written down when it is back; try again in a minute."
)


def stranger(name: str, oneself: bool, prefix: str) -> str:
    """Of somebody who has not played."""
    if oneself:
        return f"You have not played trivia here yet. {_begin(prefix)}"
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


def leaderboard(people: Sequence[Row], prefix: str) -> str:
    """Rows of `players`, best first, in one line; who has as many points shares a place."""
    if not people:
        return f"Nobody has scored at trivia here yet. {_begin(prefix)}"
    scores = [person["score"] for person in people]
    shown = [_line(scores.index(person["score"]) + 1, person) for person in people]
    return f"🏆 {', '.join(shown)}"


def how_many(most: int, prefix: str) -> str:
    """To whom asks for a leaderboard of no length."""
    return f"How many? A number from 1 to {most}: {prefix}trivia lb {most}"


def _begin(prefix: str) -> str:
    return f"{prefix}trivia start begins a game."


def _line(place: int, person: Row) -> str:
    return f"{MEDALS.get(place, f'{place}.')} {person['username']} {person['score']:,}"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
