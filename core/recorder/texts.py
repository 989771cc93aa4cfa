"""What Rosey says of people and rooms she remembers. Pure."""

from collections.abc import Sequence
from datetime import datetime

from rosey.storage.room import ChannelStats, UserStats
from rosey.times import ago_words, date_words, span_words

AWAY = (
    "I cannot look that up right now: the database is not answering. Please try again in a minute."
)
NOBODY_YET = "Nobody has said anything here yet."
MINUTE = 60.0


def stats(person: UserStats, now: datetime) -> str:
    """`bob: 1,204 lines, here for 3 days 4 h, first seen 3 May 2026, last seen 2 min ago`."""
    parts = [_lines(person.lines)]
    seconds = person.connected(now)
    parts.append(f"here for {span_words(seconds)}" if seconds >= MINUTE else "")
    parts.append(f"first seen {date_words(person.first_seen)}" if person.first_seen else "")
    parts.append(_last(person, now))
    return f"{person.username}: {', '.join(filter(None, parts))}"


def seen(person: UserStats, now: datetime) -> str:
    """Whether somebody is here, else when that was."""
    if person.online_since:
        return f"{person.username} is here, for {_visit(person.online_since, now)} now."
    if person.last_seen is None:
        return unknown(person.username)
    return f"{person.username} was here {ago_words(person.last_seen, now)}{_day(person, now)}."


def whom(prefix: str) -> str:
    """To whom names nobody."""
    return f"Tell me whom you mean: {prefix}seen <user>"


def unknown(name: str) -> str:
    """Nobody of that name is known."""
    return f"I have not met {_short(name)} here yet."


def top(talkers: Sequence[UserStats], room: ChannelStats | None) -> str:
    """Who says most, and how full it was."""
    if not talkers:
        said = NOBODY_YET
    else:
        places = (
            f"{place}. {each.username} ({each.lines:,})" for place, each in enumerate(talkers, 1)
        )
        said = f"Most lines here: {', '.join(places)}."
    if room is None or not room.peak_users or room.peak_at is None:
        return said
    people = "1 person" if room.peak_users == 1 else f"{room.peak_users:,} people"
    return f"{said} The most at once: {people}, on {date_words(room.peak_at)}."


def _lines(count: int) -> str:
    return {0: "no lines yet", 1: "1 line"}.get(count, f"{count:,} lines")


def _last(person: UserStats, now: datetime) -> str:
    if person.online_since:
        return "here now"
    return f"last seen {ago_words(person.last_seen, now)}" if person.last_seen else ""


def _visit(since: datetime, now: datetime) -> str:
    seconds = (now - since).total_seconds()
    return span_words(seconds) if seconds >= MINUTE else "less than a minute"


def _day(person: UserStats, now: datetime) -> str:
    """With its date, when that is long ago."""
    assert person.last_seen
    long_ago = (now - person.last_seen).total_seconds() >= 7 * 86_400
    return f", on {date_words(person.last_seen)}" if long_ago else ""


def _short(name: str) -> str:
    return name if len(name) <= 30 else name[:29] + "…"
