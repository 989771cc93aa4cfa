from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.workflows.playlist.platform import START
from workflows.playlist.forecast import BETWEEN, Start, starts
from workflows.playlist.models import Entry, Playing


def entry(seconds: float, parked: bool = False) -> Entry:
    return Entry(id="e", type="yt", media_id="m", seconds=seconds, parked=parked, added_at=START)


def on(seconds: float, began: float = 0) -> Playing:
    """What is on since `began` seconds."""
    started_at = START - timedelta(seconds=began)
    return Playing(type="yt", media_id="m", seconds=seconds, started_at=started_at)


def after(seconds: float, at_least: bool = False) -> Start:
    return Start(at=START + timedelta(seconds=seconds), at_least=at_least)


def test_one_after_the_other() -> None:
    assert starts([entry(60), entry(30), entry(1)], None, START) == [
        after(0),
        after(65),
        after(100),
    ]


def test_after_what_plays() -> None:
    assert starts([entry(60)], on(100, began=40), START) == [after(65)]


def test_what_ought_to_be_over_delays_nothing() -> None:
    assert starts([entry(60)], on(100, began=1000), START) == [after(0)]


def test_after_something_without_an_end_nothing_is_certain() -> None:
    queue = [entry(60), entry(60)]
    assert starts(queue, on(0, began=10), START) == [after(0, True), after(65, True)]
    assert starts([entry(0), *queue], None, START)[1:] == [after(5, True), after(70, True)]


def test_what_waits_aside_takes_no_time() -> None:
    assert starts([entry(60, parked=True), entry(60)], None, START) == [after(0), after(0)]


@given(st.lists(st.floats(0, 10_000), max_size=30), st.floats(0, 10_000), st.floats(0, 20_000))
def test_nothing_is_predicted_for_the_past_or_out_of_order(
    lengths: list[float], seconds: float, began: float
) -> None:
    found = starts([entry(each) for each in lengths], on(seconds, began), START)
    assert len(found) == len(lengths)
    times = [START, *(each.at for each in found)]
    assert times == sorted(times)
    for one, other, length in zip(found, found[1:], lengths, strict=False):
        assert (other.at - one.at) - timedelta(seconds=length + BETWEEN) < timedelta(seconds=0.001)
        assert other.at_least >= one.at_least
