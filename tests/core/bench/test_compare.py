"""A run beside an earlier one."""

import json
from pathlib import Path
from typing import Any

import pytest

from core.bench.compare import Verdict, compare, read
from core.bench.figures import Bar, Figure
from core.errors import UserError


def figure(value: float, floor: float | None = None, at_least: bool = False) -> Figure:
    return Figure("row", "what", value, "ms", floor=floor, bar=Bar(1, at_least=at_least))


def earlier(value: float, ratio: float | None = None) -> dict[tuple[str, str], dict[str, Any]]:
    return {("row", "what"): {"value": value, "ratio": ratio}}


@pytest.mark.parametrize(
    ("before", "now", "at_least", "verdict"),
    [
        (100, 100, False, Verdict.SAME),
        (100, 105, False, Verdict.SAME),
        (100, 106, False, Verdict.WORSE),
        (100, 110, False, Verdict.WORSE),
        (100, 111, False, Verdict.MUCH_WORSE),
        (100, 50, False, Verdict.SAME),
        (100, 90, True, Verdict.MUCH_WORSE),
        (100, 95, True, Verdict.WORSE),
        (100, 99, True, Verdict.SAME),
        (100, 200, True, Verdict.SAME),
        (0, 0, False, Verdict.SAME),
        (0, 1, False, Verdict.MUCH_WORSE),
        (1, 0, True, Verdict.MUCH_WORSE),
    ],
)
def test_what_is_worse_is_said_and_what_is_much_worse_fails(
    before: float, now: float, at_least: bool, verdict: Verdict
) -> None:
    changes = compare([figure(now, at_least=at_least)], earlier(before))
    assert changes["row", "what"].verdict is verdict


def test_ratios_count_where_both_runs_have_them() -> None:
    slower_machine = compare([figure(20.0, floor=4.0)], earlier(10.0, ratio=5.0))
    assert slower_machine["row", "what"].worse == 0.0
    assert slower_machine["row", "what"].by_ratio
    without = compare([figure(20.0)], earlier(10.0, ratio=5.0))
    assert without["row", "what"].worse == 1.0
    assert not without["row", "what"].by_ratio


def test_what_has_no_bar_or_is_new_is_not_compared() -> None:
    shown_only = Figure("row", "what", 5.0, "ms")
    new = Figure("row", "other", 5.0, "ms", bar=Bar(1))
    assert compare([shown_only, new], earlier(1.0)) == {}


def test_an_earlier_run_is_read(tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    runs = [figure(6.0, 2.0).as_dict(), {**figure(1.0).as_dict(), "name": "other"}]
    file.write_text(json.dumps({"figures": runs}))
    assert read(file) == {
        ("row", "what"): {"value": 6.0, "ratio": 3.0},
        ("row", "other"): {"value": 1.0, "ratio": None},
    }


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "{}", '{"figures": 5}', '{"figures": [{}]}', '{"figures": [5]}'),
        '{"figures": [{"row": "a", "name": "b", "value": "much", "ratio": null}]}',
    ],
)
def test_what_is_no_earlier_run_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "run.json"
    file.write_text(text)
    with pytest.raises(UserError, match=r"run\.json is no earlier run"):
        read(file)
