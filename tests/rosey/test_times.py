import math
import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rosey.times import (
    ago_words,
    clock_of,
    date_words,
    day_of,
    duration_of,
    duration_words,
    moment_of,
    span_words,
)
from tests.vectors import ids, load

VECTORS = load("text_utils", "pm_duration_seconds")
COUNTDOWNS = load("countdown_parse", "text", "now")
NEW_YEAR = datetime(2026, 1, 1, 12, tzinfo=UTC)  # a Thursday
BERLIN = ZoneInfo("Europe/Berlin")
SIZES = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}


@pytest.mark.parametrize("vector", VECTORS, ids=ids(VECTORS))
def test_duration_vectors(vector: dict[str, Any]) -> None:
    assert {"text": duration_words(vector["in"]["pm_duration_seconds"])} == vector["out"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (59.9, "59s"),
        (3600, "1h"),
        (86_460, "1d 1m"),
        (math.inf, "Unknown"),
        (math.nan, "Unknown"),
        (-0.5, "Unknown"),
    ],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration_words(seconds) == words


@given(st.integers(1, 10**9))
def test_the_words_add_up(seconds: int) -> None:
    parts = re.findall(r"([1-9]\d*)([dhms])", duration_words(seconds))
    assert sum(int(count) * SIZES[unit] for count, unit in parts) == seconds


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.9, "0 s"),
        (-5, "0 s"),
        (59, "59 s"),
        (61, "1 min 1 s"),
        (3_600, "1 h"),
        (3_659, "1 h"),
        (86_400 + 120, "1 day"),
        (3 * 86_400 + 4 * 3_600 + 1_800, "3 days 4 h"),
    ],
)
def test_spans_have_two_units_at_most(seconds: float, words: str) -> None:
    assert span_words(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-60, "just now"),
        (9, "just now"),
        (10, "10 s ago"),
        (125, "2 min ago"),
        (3 * 86_400 - 1, "2 days ago"),
    ],
)
def test_how_long_ago(seconds: float, words: str) -> None:
    now = datetime(2026, 5, 3, tzinfo=UTC)
    assert ago_words(now - timedelta(seconds=seconds), now) == words


def test_days_are_those_of_utc() -> None:
    assert date_words(datetime(2026, 5, 3, tzinfo=UTC)) == "3 May 2026"
    late = datetime(2026, 12, 31, 23, tzinfo=timezone(timedelta(hours=-2)))
    assert date_words(late) == "1 January 2027"


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("5m", 300),
        (" 5 M ", 300),
        ("1h30", 5_400),
        ("1h 30m", 5_400),
        ("1h30m15s", 5_415),
        ("5m30", 330),
        ("90 s", 90),
        ("1.5 hours", 5_400),
        ("2 weeks 1 day", 1_296_000),
        ("0s", 0),
        ("36500d", 36_500 * 86_400),
    ],
)
def test_lengths_of_time_as_typed(words: str, seconds: int) -> None:
    assert duration_of(words) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "words",
    [
        *("", " ", "5", "m", "1h 30", "5m 1h", "5m 5m", "30 5m", "-5m", "5x", "5mm", "1:30"),
        *("1..5h", "1d12", "٥m", "5m,", "36501d", "999999999w", "1e3s", "9999999999s"),
    ],
)
def test_what_is_no_length_of_time(words: str) -> None:
    with pytest.raises(ValueError, match=r"^is "):
        duration_of(words)


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("2026-02-28", date(2026, 2, 28)),
        ("today", date(2026, 1, 1)),
        ("Tomorrow", date(2026, 1, 2)),
        ("thursday", date(2026, 1, 1)),
        ("fri", date(2026, 1, 2)),
        ("Wednesday", date(2026, 1, 7)),
    ],
)
def test_days_as_typed(words: str, day: date) -> None:
    assert day_of(words, NEW_YEAR) == day


def test_today_is_the_room_s() -> None:
    late = datetime(2026, 1, 1, 23, 30, tzinfo=UTC)
    assert day_of("today", late, BERLIN) == date(2026, 1, 2)
    assert moment_of("today 01:00", late, BERLIN) == datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    "words", ["", "someday", "frida", "2026-2-1", "20260201", "2026-W01-1", "2026-02-30"]
)
def test_what_is_no_day(words: str) -> None:
    with pytest.raises(ValueError, match=r"^is no day"):
        day_of(words, NEW_YEAR)


def test_clocks_as_typed() -> None:
    assert clock_of("9:05") == time(9, 5)
    assert clock_of(" 23:59:58 ") == time(23, 59, 58)
    for words in ("24:00", "9:60", "9:5", "9", "9:05:60", "9:05pm", "٩:05", ""):
        with pytest.raises(ValueError, match=r"^is no time of day"):
            clock_of(words)


@pytest.mark.parametrize(
    ("words", "moment"),
    [
        ("20:00", "2026-01-01T20:00"),
        ("12:00", "2026-01-02T12:00"),
        ("9:00:30", "2026-01-02T09:00:30"),
        ("today 9:00", "2026-01-01T09:00"),
        ("tomorrow  9:00", "2026-01-02T09:00"),
        ("Thursday 20:00", "2026-01-01T20:00"),
        ("thu 12:00", "2026-01-08T12:00"),
        ("friday 20:00", "2026-01-02T20:00"),
        ("2026-07-01 20:00", "2026-07-01T20:00"),
        ("2026-07-01T20:00+02:00", "2026-07-01T18:00"),
        ("2026-07-01T20:00:30z", "2026-07-01T20:00:30"),
        ("in 1h30", "2026-01-01T13:30"),
    ],
)
def test_moments_as_typed(words: str, moment: str) -> None:
    read = moment_of(words, NEW_YEAR)
    assert read == datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert read.tzinfo is UTC


@pytest.mark.parametrize(
    "words",
    [
        *("", "now", "friday", "next friday 20:00", "2026-01-31", "friday t20:00", "fridayt20:00"),
        *("20:00+01:00", "friday 20:00z", "2026-07-01 20:00+25:00", "0001-01-01 00:00", "in"),
        *("9999-12-31T23:00-23:00", "in 5", "in -5m", "2026-13-01 20:00", "20:00 friday"),
    ],
)
def test_what_is_no_moment(words: str) -> None:
    with pytest.raises(ValueError, match=r"^is no time like"):
        moment_of(words, NEW_YEAR, BERLIN)


def test_the_hour_that_spring_skips_and_the_one_that_autumn_has_twice() -> None:
    assert str(moment_of("2026-03-29 02:30", NEW_YEAR, BERLIN)) == "2026-03-29 03:30:00+02:00"
    assert str(moment_of("2026-10-25 02:30", NEW_YEAR, BERLIN)) == "2026-10-25 02:30:00+02:00"
    before = datetime(2026, 3, 28, 19, 30, tzinfo=UTC)
    assert str(moment_of("20:00", before, BERLIN)) == "2026-03-29 20:00:00+02:00"


@pytest.mark.parametrize("vector", COUNTDOWNS, ids=ids(COUNTDOWNS))
def test_countdown_vectors(vector: dict[str, Any]) -> None:
    """A length of time needs its `in` here, so that `2 hours` stays a length."""
    words, now = vector["in"]["text"], datetime.fromisoformat(vector["in"]["now"])
    if vector["out"]["ok"]:
        words = f"in {words}" if words[1:].startswith(" hour") else words
        assert moment_of(words, now) == datetime.fromisoformat(vector["out"]["utc"])
    else:
        with pytest.raises(ValueError, match=r"^is no time like"):
            moment_of(words, now)
