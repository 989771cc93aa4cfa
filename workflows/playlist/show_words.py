"""Reading what people type about shows. Pure; time comes in as an argument."""

import re
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from rosey.shows import slug
from rosey.times import clock_of, day_of, moment_of

LONGEST_NAME = 60
LATEST = 2099
_DOUBLE = '"“”„‟«»＂〝〞「」『』'
_SINGLE = "'‘’‚‛‹›`´"
_QUOTED = re.compile(
    rf"[{_DOUBLE}]\s*([^{_DOUBLE}]*?)\s*[{_DOUBLE}](?=\s|$)|"
    rf"[{_SINGLE}]\s*(.*?)\s*[{_SINGLE}](?=\s|$)"
)
_REST = re.compile(r"(?P<when>.*\S)\s+list\s+(?P<list>\S+)", re.IGNORECASE)
_DAY_NAME = re.compile(r"[a-z]+")


class Unclear(ValueError):
    """What cannot be read; says what is wrong, in a sentence."""


@dataclass(frozen=True)
class When:
    """Once `at`, or by the `clock` on `weekday` (0: Monday), which is None for each day."""

    at: datetime | None = None
    clock: time = time(0)
    weekday: int | None = None


@dataclass(frozen=True)
class Typed:
    """A show as it was typed."""

    name: str
    saved_list: str
    when: When


def read(text: str, now: datetime, zone: str) -> Typed:
    """`"Friday Horror" every friday 20:00 list horror`. Raises Unclear."""
    name, rest = split_name(text)
    match = _REST.fullmatch(rest.strip())
    if not match:
        raise Unclear("A show needs a name, a time and a list.")
    return Typed(show_name(name), match["list"].lower(), read_when(match["when"], now, zone))


def show_name(text: str) -> str:
    """A show's name in one line. Raises Unclear."""
    name = " ".join(text.split())
    if not slug(name):
        raise Unclear("A show's name needs letters or digits.")
    if len(name) > LONGEST_NAME:
        raise Unclear(f"A show's name has at most {LONGEST_NAME} characters.")
    return name


def split_name(text: str) -> tuple[str, str]:
    """The name, in quotes of any kind or one word, and what comes after it."""
    text = text.strip()
    if match := _QUOTED.match(text):
        return match[1] or match[2] or "", text[match.end() :]
    first, _, rest = text.partition(" ")
    return first, rest


def whole_name(text: str) -> str:
    """All of it is a name, in quotes or not. Raises Unclear."""
    match = _QUOTED.fullmatch(text.strip())
    return show_name((match[1] or match[2] or "") if match else text)


def read_when(text: str, now: datetime, zone: str) -> When:
    """`friday 20:00`, `every friday 20:00`, `daily 20:00`, `in 2h`. Raises Unclear."""
    words = [word for word in text.lower().split() if word != "at"]
    try:
        if words[:1] in (["every"], ["daily"]):
            return _again(words[words[0] == "every" :], now)
        at = moment_of(" ".join(words), now, ZoneInfo(zone)).replace(microsecond=0)
    except ValueError as problem:
        raise Unclear(f"“{text}” {problem}.") from None
    if at <= now:
        raise Unclear(f"“{text}” is over already.")
    if at.year > LATEST:
        raise Unclear(f"“{text}” is too far away.")
    return When(at=at)


def _again(words: list[str], now: datetime) -> When:
    """A day and a clock."""
    if len(words) != 2:
        raise ValueError("is no time like every friday 20:00 or daily 20:00")
    day, clock = words[0], clock_of(words[1])
    if day in ("day", "daily"):
        return When(clock=clock)
    if day in ("today", "tomorrow") or not _DAY_NAME.fullmatch(day):
        raise ValueError("is no time like every friday 20:00 or daily 20:00")
    return When(clock=clock, weekday=day_of(day, now).weekday())
