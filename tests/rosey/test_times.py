import math
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rosey.times import ago_words, date_words, duration_words, span_words
from tests.vectors import ids, load

VECTORS = load("text_utils", "pm_duration_seconds")
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
