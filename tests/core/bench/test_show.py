"""What is printed, for people and for programs."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from core.bench import compare, show
from core.bench.figures import Bar, Figure

FIGURES = [
    Figure("stateless", "p50", 4.0, "ms", floor=0.5, floor_name="NATS", bar=Bar(8, of_ratio=True)),
    Figure("stateless", "p99", 12.34, "ms"),
    Figure("burst", "to the bus", 2_000.0, "/s", bar=Bar(3_000, at_least=True)),
    Figure("burst", "lost", 0, "", bar=Bar(0)),
]


def printed(problems: dict[str, str], changes: show.Changes) -> list[str]:
    console = Console(file=io.StringIO(), width=120)
    show.print_table(FIGURES, problems, changes, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def line(lines: list[str], part: str) -> list[str]:
    found = next(each for each in lines if part in each)
    return [cell.strip() for cell in found.strip("│").split("│")]


def test_each_figure_stands_beside_its_floor_and_bar() -> None:
    lines = printed({}, {})
    assert line(lines, "p50") == ["stateless", "p50", "4 ms", "0.50 ms", "8.00", "≤ 8 x", "ok"]
    assert line(lines, "p99") == ["", "p99", "12.3 ms", "", "", "", ""]
    assert line(lines, "to the bus")[2:] == ["2,000 /s", "", "", "≥ 3000 /s", "miss"]
    assert line(lines, "lost")[2:] == ["0", "", "", "≤ 0", "ok"]
    assert "floor of stateless: NATS" in lines


def test_a_row_that_failed_says_why() -> None:
    assert line(printed({"games": "[no] worker"}, {}), "games")[1] == "[no] worker"


def test_a_document_gets_the_same_table() -> None:
    lines = show.markdown(FIGURES, {"games": "[no] worker"}).splitlines()
    assert lines[2] == "| stateless | p50 | 4 ms | 0.50 ms | 8.00 | ≤ 8 x | ok |"
    assert lines[4] == "| burst | to the bus | 2,000 /s |  |  | ≥ 3000 /s | miss |"
    assert lines[-3:] == [
        "| games | [no] worker |  |  |  |  | failed |",
        "",
        "The floors: *stateless* NATS.",
    ]
    assert {line.count("|") for line in lines[:-2]} == {8}


def test_changes_stand_beside_what_changed() -> None:
    before: dict[tuple[str, str], dict[str, Any]] = {
        ("stateless", "p50"): {"value": 4.0, "ratio": 4.0},
        ("burst", "to the bus"): {"value": 1_000.0, "ratio": None},
    }
    lines = printed({}, compare.compare(FIGURES, before))
    assert line(lines, "p50")[-1] == "100% worse"
    assert line(lines, "to the bus")[-1] == "50% better"
    assert line(lines, "p99")[-1] == ""


def test_the_json_can_be_compared_with(tmp_path: Path) -> None:
    before: dict[tuple[str, str], dict[str, Any]] = {
        ("burst", "lost"): {"value": 0.0, "ratio": None}
    }
    data = show.as_json(FIGURES, {"games": "no"}, compare.compare(FIGURES, before))
    assert data["problems"] == {"games": "no"}
    assert data["changes"] == [
        {"row": "burst", "name": "lost", "worse": 0.0, "by": "value", "verdict": "same"}
    ]
    file = tmp_path / "run.json"
    file.write_text(json.dumps(data))
    assert compare.read(file)["stateless", "p50"] == {"value": 4.0, "ratio": 8.0}


@pytest.mark.parametrize(
    ("value", "text"), [(0.123, "0.12"), (5.0, "5"), (12.34, "12.3"), (21_267.4, "21,267")]
)
def test_numbers_have_the_digits_that_matter(value: float, text: str) -> None:
    assert show.number(value) == text
