"""Times in words: lengths of time both ways, and days, clocks and moments as people type them.

What cannot be read raises ValueError with a text that goes on after the words: `is no day like …`.
"""

import math
import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

# Not strftime's, which are the locale's.
_MONTHS = "January February March April May June July August September October November December"
UNITS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))
LONGEST = timedelta(days=36_500)
NO_DURATION = "is no length of time like 5m, 1h30 or 90 s"
NO_DAY = "is no day like 2026-01-31, tomorrow or friday"
NO_CLOCK = "is no time of day like 20:00"
NO_MOMENT = "is no time like 20:00, friday 20:00, 2026-01-31 20:00 or in 2h"

_NAMES = {
    604_800: ("w", "week", "weeks"),
    86_400: ("d", "day", "days"),
    3_600: ("h", "hr", "hrs", "hour", "hours"),
    60: ("m", "min", "mins", "minute", "minutes"),
    1: ("s", "sec", "secs", "second", "seconds"),
}
_SIZES = {name: size for size, names in _NAMES.items() for name in names}
_PART = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?) ?([a-z]*) ?")
_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?")
_MOMENT = re.compile(
    r"(?:(?P<day>[a-z]+|[0-9-]{10})(?: |(?<=[0-9])t))?"
    r"(?P<clock>[0-9:]{4,8})(?P<offset>z|[+-][0-9]{2}:[0-9]{2})?"
)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


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


def duration_of(words: str) -> timedelta:
    """`5m`, `1h 30m`, `1h30`, `1.5 hours`: larger units first, at most a hundred years."""
    words = words.strip().lower()
    total, last, at = 0.0, 0, 0
    while at < len(words) or not at:
        part = _PART.match(words, at)
        if part is None:
            raise ValueError(NO_DURATION)
        size = _SIZES.get(part[2], 0)
        if not part[2] and last in (3_600, 60) and words[at - 1] != " ":
            size = last // 60  # 1h30
        if not size or (last and size >= last):
            raise ValueError(NO_DURATION)
        total += float(part[1]) * size
        last, at = size, part.end()
    if total > LONGEST.total_seconds():
        raise ValueError("is longer than a hundred years")
    return timedelta(seconds=total)


def day_of(words: str, now: datetime, zone: tzinfo = UTC) -> date:
    """`2026-01-31`, `today`, `tomorrow`, or a weekday: the next one, which may be today."""
    words = words.strip().lower()
    today = now.astimezone(zone).date()
    if words in ("today", "tomorrow"):
        return today + timedelta(days=words == "tomorrow")
    if (weekday := _weekday(words)) is not None:
        return today + timedelta(days=(weekday - today.weekday()) % 7)
    if not _ISO_DAY.fullmatch(words):
        raise ValueError(NO_DAY)
    try:
        return date.fromisoformat(words)
    except ValueError:
        raise ValueError("is no day of the calendar") from None


def clock_of(words: str) -> time:
    """`20:00`, `9:05` or `20:00:30`, without a zone."""
    match = _CLOCK.fullmatch(words.strip())
    if match is None:
        raise ValueError(NO_CLOCK)
    try:
        return time(int(match[1]), int(match[2]), int(match[3] or 0))
    except ValueError:
        raise ValueError(NO_CLOCK) from None


def moment_of(words: str, now: datetime, zone: tzinfo = UTC) -> datetime:
    """A clock in `zone`, by itself or after a day, ISO 8601, or `in` and a length of time.

    A clock alone and one after a weekday mean the next such moment.
    """
    words = " ".join(words.lower().split())
    try:
        if words.startswith("in "):
            return (now + duration_of(words[3:])).astimezone(zone)
        return _moment(words, now, zone)
    except (ValueError, OverflowError):
        raise ValueError(NO_MOMENT) from None


def _moment(words: str, now: datetime, zone: tzinfo) -> datetime:
    match = _MOMENT.fullmatch(words)
    if match is None:
        raise ValueError
    clock, named = clock_of(match["clock"]), match["day"] or "today"
    day = day_of(named, now, zone)
    if match["offset"]:
        if not _ISO_DAY.fullmatch(named):
            raise ValueError
        moment = datetime.fromisoformat(f"{day}T{clock}{match['offset'].upper()}")
        return moment.astimezone(zone)
    again = 1 if match["day"] is None else 7 if _weekday(named) is not None else 0
    moment = _local(day, clock, zone)
    return moment if moment > now or not again else _local(day + timedelta(again), clock, zone)


def _local(day: date, clock: time, zone: tzinfo) -> datetime:
    """By way of UTC: a clock that is skipped in spring is the one an hour later."""
    return datetime.combine(day, clock, zone).astimezone(UTC).astimezone(zone)


def _weekday(words: str) -> int | None:
    return next((n for n, name in enumerate(_WEEKDAYS) if words in (name, name[:3])), None)
