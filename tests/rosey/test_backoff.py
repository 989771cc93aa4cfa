from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rosey.backoff import platform_delay, restart_allowed, restart_delay
from tests.vectors import ids, load

RECONNECT = load("backoff", "attempt")
RESTART = load("backoff", "previous_restarts")
ALLOWED = load("backoff", "policy")


@pytest.mark.parametrize("vector", RECONNECT, ids=ids(RECONNECT))
def test_reconnect_vectors(vector: dict[str, Any]) -> None:
    assert {"delay_s": platform_delay(vector["in"]["attempt"])} == vector["out"]


@pytest.mark.parametrize("vector", RESTART, ids=ids(RESTART))
def test_restart_vectors(vector: dict[str, Any]) -> None:
    assert {"delay_s": restart_delay(vector["in"]["previous_restarts"])} == vector["out"]


@pytest.mark.parametrize("vector", ALLOWED, ids=ids(ALLOWED))
def test_allowed_vectors(vector: dict[str, Any]) -> None:
    asked = vector["in"]
    allowed = restart_allowed(asked["policy"], asked["max_retries"], asked["restarts_so_far"])
    assert {"restart": allowed} == vector["out"]


def test_the_whole_rows() -> None:
    assert [platform_delay(n) for n in range(1, 8)] == [5, 10, 20, 40, 60, 60, 60]
    assert [restart_delay(n) for n in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]


def test_unless_stopped_has_its_retries() -> None:
    assert restart_allowed("unless-stopped", 3, 2)


@given(st.integers(1, 10**9))
def test_delays_never_shrink(n: int) -> None:
    assert platform_delay(n) <= platform_delay(n + 1) <= 60
    assert restart_delay(n) <= restart_delay(n + 1) <= 60


def test_counting_starts_where_it_says() -> None:
    with pytest.raises(ValueError, match="from 1"):
        platform_delay(0)
    with pytest.raises(ValueError, match="from 0"):
        restart_delay(-1)
