"""Spans of time, and days, in words."""

import math
from datetime import UTC, datetime

# Not strftime's, which are the locale's.
_MONTHS = "January February March April May June July August September October November December"
UNITS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def duration_words(seconds: float) -> str:
    """Seconds as `1d 1h 1m 1s`, units of zero left out; `Unknown` below zero or without end."""
    if not 0 <= seconds < math.inf:
        return "Unknown"
    rest, words = int(seconds), []
    for unit, size in UNITS:
        count, rest = divmod(rest, size)
        if count:
            words.append(f"{count}{unit}")
    return " ".join(words) or "0s"


def span_words(seconds: float) -> str:
    """The two largest units, as people say it: `3 days 4 h`, `1 day`, `5 min`, `12 s`.

    Below a second, and below zero, it is `0 s`.
    """
    rest, words = max(0, int(seconds)), []
    for name, size in (("days", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, rest = divmod(rest, size)
        if count:
            words.append(f"{count} {'day' if name == 'days' and count == 1 else name}")
        elif words:
            break
    return " ".join(words[:2]) or "0 s"


def ago_words(since: datetime, now: datetime) -> str:
    """How long something is ago, roughly: `just now`, `2 min ago`, `3 days ago`."""
    seconds = (now - since).total_seconds()
    if seconds < 10:
        return "just now"
    words = span_words(seconds).split()
    return f"{words[0]} {words[1]} ago"


def date_words(at: datetime) -> str:
    """The day in UTC: `3 May 2026`."""
    day = at.astimezone(UTC)
    return f"{day.day} {_MONTHS.split()[day.month - 1]} {day.year}"
