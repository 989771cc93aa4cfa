"""Figures, their ratios and their bars."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.bench.figures import Bar, Figure, median, percentile


def figure(value: float, floor: float | None = None, bar: Bar | None = None) -> Figure:
    return Figure("row", "what", value, "ms", floor=floor, bar=bar)


@pytest.mark.parametrize(
    ("value", "floor", "bar", "ok"),
    [
        (5.0, None, Bar(5), True),
        (5.1, None, Bar(5), False),
        (3_000, 9_000, Bar(3_000, at_least=True), True),
        (2_999, 9_000, Bar(3_000, at_least=True), False),
        (8.0, 1.0, Bar(8, of_ratio=True), True),
        (8.1, 1.0, Bar(8, of_ratio=True), False),
        (1.0, None, Bar(8, of_ratio=True), False),
        (1.0, 0.0, Bar(8, of_ratio=True), False),
        (float("nan"), None, Bar(5), False),
        (float("inf"), None, Bar(5, at_least=True), False),
        (1e9, None, None, True),
    ],
)
def test_a_bar_is_held_or_missed(
    value: float, floor: float | None, bar: Bar | None, ok: bool
) -> None:
    assert figure(value, floor, bar).ok is ok


def test_the_ratio_is_to_the_floor() -> None:
    assert figure(6.0, 1.5).ratio == 4.0
    assert figure(6.0).ratio is None


def test_a_figure_as_data_says_how_it_was_judged() -> None:
    data = figure(6.0, 1.5, Bar(8, of_ratio=True)).as_dict()
    assert data["bar"] == {"limit": 8, "at_least": False, "ratio": True}
    assert (data["value"], data["floor"], data["ratio"], data["ok"]) == (6.0, 1.5, 4.0, True)
    assert figure(6.0).as_dict()["bar"] is None


def test_nothing_measured_is_no_figure() -> None:
    for compute in (median, lambda values: percentile(values, 0.5)):
        with pytest.raises(ValueError, match="nothing was measured"):
            compute([])


def test_percentiles_are_values_that_were_measured() -> None:
    values = [float(number) for number in range(1, 101)]
    assert percentile(values, 0.5) == 50
    assert percentile(values, 0.99) == 99
    assert percentile(values, 1.0) == 100
    assert percentile([3.0, 1.0], 0.01) == 1.0
    assert median([1.0, 9.0, 2.0]) == 2.0


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 1.0))
def test_the_share_does_not_exceed_the_percentile(values: list[float], share: float) -> None:
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-6
    assert sum(value < found for value in values) < share * len(values) + 1e-6
