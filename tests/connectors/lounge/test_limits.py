from hypothesis import given
from hypothesis import strategies as st

from connectors.lounge.limits import ChatLimit, Rate

FLOOR = Rate(20, 10, 2)
GUARD = Rate(4, 1, 4)


def test_burst_then_steady() -> None:
    limit = ChatLimit()
    assert [limit.refuses(FLOOR, 100.0) for _ in range(25)] == [False] * 20 + [True] * 5
    assert not limit.refuses(FLOOR, 100.11)
    assert limit.refuses(FLOOR, 100.16)
    assert FLOOR.wait_ms == 100


def test_the_burst_starts_afresh_only_after_silence() -> None:
    limit = ChatLimit()
    for _ in range(4):
        limit.refuses(GUARD, 0.0)
    assert limit.refuses(GUARD, 0.9)
    assert not limit.refuses(GUARD, 1.2)
    assert limit.refuses(GUARD, 2.1)
    assert not limit.refuses(GUARD, 5.0)
    assert limit.refuses(GUARD, 5.9)
    assert [limit.refuses(GUARD, 9.1) for _ in range(5)] == [False] * 4 + [True]


@given(st.lists(st.floats(min_value=0.125, max_value=5), max_size=200))
def test_eight_lines_a_second_are_never_refused(pauses: list[float]) -> None:
    limit, now = ChatLimit(), 0.0
    for pause in pauses:
        now += pause
        assert not limit.refuses(FLOOR, now)


@given(st.lists(st.floats(min_value=0, max_value=1), max_size=300))
def test_never_more_than_burst_and_rate(pauses: list[float]) -> None:
    limit, now, taken = ChatLimit(), 0.0, 0
    for pause in pauses:
        now += pause
        taken += not limit.refuses(GUARD, now)
    assert taken <= GUARD.burst + now * GUARD.per_second + GUARD.burst * now / GUARD.cooldown
