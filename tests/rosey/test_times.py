import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rosey.times import duration_words
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
