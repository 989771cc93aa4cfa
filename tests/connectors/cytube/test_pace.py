"""Turns that a CyTube server's own count never refuses."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from connectors.cytube.pace import Pace


class Server:
    """How the server counts: a burst, then one each 1/rate s, afresh after a quiet burst/rate."""

    def __init__(self, burst: int, rate: float) -> None:
        self._burst, self._rate = burst, rate
        self._count, self._last = 0, float("-inf")

    def accepts(self, at: float) -> bool:
        if at - self._last > self._burst / self._rate:
            self._count = 0
        if self._count >= self._burst and at - self._last < 1 / self._rate:
            return False
        self._count += 1
        self._last = at
        return True


def turns(pace: Pace, clock: list[float], wishes: list[float]) -> list[float]:
    """When lines leave that somebody wants to say after these pauses."""
    left = []
    for pause in wishes:
        clock[0] += pause
        clock[0] += pace.reserve()
        left.append(clock[0])
    return left


def paced(rate: float, burst: int, quiet: float) -> tuple[Pace, list[float]]:
    clock = [100.0]
    return Pace(rate, burst, quiet, clock=lambda: clock[0]), clock


def test_a_burst_leaves_at_once_and_the_rest_evenly() -> None:
    pace, clock = paced(8, 8, 2)
    left = turns(pace, clock, [0.0] * 24)
    assert left[7] == left[0]
    assert all(later - earlier > 1 / 8 for earlier, later in pairwise(left[8:]))


def test_turns_taken_ahead_queue_up() -> None:
    pace, _ = paced(1, 2, 2)
    assert [round(pace.reserve(), 2) for _ in range(4)] == [0, 0, 1.05, 2.1]


def test_quiet_gives_a_new_burst() -> None:
    pace, clock = paced(8, 8, 2)
    turns(pace, clock, [0.0] * 12)
    clock[0] += 2.2
    left = turns(pace, clock, [0.0] * 8)
    assert left[0] == left[7]


@given(
    st.lists(st.floats(0, 3), max_size=200),
    st.lists(st.floats(0, 0.02), min_size=200, max_size=200),
)
def test_the_server_never_refuses(wishes: list[float], jitter: list[float]) -> None:
    pace, clock = paced(8, 8, 2)
    server = Server(20, 10)
    left = turns(pace, clock, wishes)
    arrived = [at + late for at, late in zip(left, jitter, strict=False)]
    assert all(server.accepts(at) for at in sorted(arrived))


@given(st.lists(st.floats(0, 6), max_size=100))
def test_the_flood_guard_never_refuses(wishes: list[float]) -> None:
    pace, clock = paced(1, 4, 4)
    guard = Server(4, 1)
    assert all(guard.accepts(at) for at in turns(pace, clock, wishes))
