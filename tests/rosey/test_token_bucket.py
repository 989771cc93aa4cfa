import pytest
from hypothesis import given
from hypothesis import strategies as st

from rosey.token_bucket import TokenBucket

PAUSES = st.lists(st.floats(min_value=0, max_value=2), max_size=200)


def test_a_burst_and_then_as_fast_as_it_fills() -> None:
    bucket = TokenBucket(3, 0.5, now=0.0)
    assert [bucket.take(0.0) for _ in range(4)] == [0.0, 0.0, 0.0, 2.0]
    assert bucket.take(1.0) == 1.0
    assert bucket.take(2.5) == 0.0
    assert bucket.take(2.5) == 1.5
    assert not bucket.full(7.5)
    assert bucket.full(8.0)
    assert bucket.full(60.0)
    assert [bucket.take(60.0) for _ in range(4)] == [0.0, 0.0, 0.0, 2.0]


def test_several_are_taken_together_or_not_at_all() -> None:
    bucket = TokenBucket(4, 2.0, now=0.0)
    assert bucket.take(0.0, 3) == 0.0
    assert bucket.take(0.0, 2) == 0.5
    assert bucket.take(0.0, 1) == 0.0


def test_more_than_it_holds_is_made_up_for() -> None:
    bucket = TokenBucket(2, 1.0, now=0.0)
    assert bucket.take(0.0, 5) == 0.0
    assert bucket.take(0.0) == 4.0
    assert bucket.take(4.0) == 0.0


def test_what_is_changed_counts_from_then_on() -> None:
    bucket = TokenBucket(1, 0.1, now=0.0)
    assert bucket.take(0.0) == 0.0
    assert bucket.take(0.0) == 10.0
    bucket.size, bucket.per_second = 20, 20
    assert [bucket.take(0.125) for _ in range(2)] == [0.0, 0.0]
    assert bucket.take(0.125) == pytest.approx(0.025)


@given(PAUSES, st.floats(min_value=0.01, max_value=1000))
def test_who_waits_as_long_as_he_is_told_has_his_turn(pauses: list[float], rate: float) -> None:
    bucket, now = TokenBucket(max(1.0, rate), rate, now=0.0), 0.0
    for pause in pauses:
        now += pause
        if wait := bucket.take(now):
            now += wait
            assert bucket.take(now) == 0.0


@given(PAUSES)
def test_never_more_than_burst_and_rate(pauses: list[float]) -> None:
    bucket, now, taken = TokenBucket(5, 2.0, now=0.0), 0.0, 0
    for pause in pauses:
        now += pause
        taken += bucket.take(now) == 0.0
        assert taken <= 5 + now * 2.0 + 0.001
