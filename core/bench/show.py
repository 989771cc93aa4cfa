"""What was measured, for people and for programs."""

import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from core.bench.compare import Change, Verdict
from core.bench.figures import Bar, Figure

VERSION = 1
COLOURS = {Verdict.SAME: "dim", Verdict.WORSE: "yellow", Verdict.MUCH_WORSE: "red"}

Changes = Mapping[tuple[str, str], Change]


def as_json(
    figures: Sequence[Figure], problems: Mapping[str, str], changes: Changes
) -> dict[str, Any]:
    """Everything, as it can be given to `--against` later."""
    return {
        "version": VERSION,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "cpus": os.cpu_count(),
            "system": platform.platform(),
            "python": platform.python_version(),
        },
        "figures": [one.as_dict() for one in figures],
        "problems": dict(problems),
        "changes": [
            {
                "row": change.row,
                "name": change.name,
                "worse": change.worse,
                "by": "ratio" if change.by_ratio else "value",
                "verdict": change.verdict.value,
            }
            for change in changes.values()
        ],
    }


def table(figures: Sequence[Figure], problems: Mapping[str, str], changes: Changes) -> Table:
    """One line a figure; rows that could not be measured are last."""
    shown = Table()
    for heading in ("row", "what"):
        shown.add_column(heading, no_wrap=heading == "row")
    for heading in ("figure", "floor", "ratio", "bar"):
        shown.add_column(heading, justify="right")
    shown.add_column("")
    if changes:
        shown.add_column("against", justify="right")
    last = ""
    for one in figures:
        cells = _cells(one, one.row if one.row != last else "")
        if changes:
            cells.append(_change(changes.get((one.row, one.name))))
        shown.add_row(*cells)
        last = one.row
    for row, problem in problems.items():
        shown.add_row(row, escape(problem), "", "", "", "", "[red]failed[/]")
    return shown


def print_table(
    figures: Sequence[Figure], problems: Mapping[str, str], changes: Changes, console: Console
) -> None:
    console.print(table(figures, problems, changes))
    for row, floor in _floors(figures).items():
        console.print(f"[dim]floor of {row}: {escape(floor)}[/]", highlight=False)


def markdown(figures: Sequence[Figure], problems: Mapping[str, str]) -> str:
    """The same for a document."""
    lines = ["| row | what | figure | floor | ratio | bar | |", "|---|---|--:|--:|--:|--:|---|"]
    rows = [_cells(one, one.row) for one in figures]
    rows += [[row, escape(problem), "", "", "", "", "failed"] for row, problem in problems.items()]
    lines += [
        "| " + " | ".join(Text.from_markup(cell).plain for cell in row) + " |" for row in rows
    ]
    floors = "; ".join(f"*{row}* {floor}" for row, floor in _floors(figures).items())
    return "\n".join([*lines, "", f"The floors: {floors}."])


def number(value: float) -> str:
    """With three digits that matter, and none lost before the point."""
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _floors(figures: Sequence[Figure]) -> dict[str, str]:
    """What each row is measured beside."""
    return {one.row: one.floor_name for one in figures if one.floor_name}


def _cells(one: Figure, row: str) -> list[str]:
    mark = "" if one.bar is None else ("[green]ok[/]" if one.ok else "[red]miss[/]")
    return [
        row,
        escape(one.name),
        f"{number(one.value)} {one.unit}".strip(),
        "" if one.floor is None else f"{number(one.floor)} {one.unit}".strip(),
        "" if one.ratio is None else f"{one.ratio:.2f}",
        "" if one.bar is None else _bar(one.bar, one.unit),
        mark,
    ]


def _bar(bar: Bar, unit: str) -> str:
    sign = "≥" if bar.at_least else "≤"
    return f"{sign} {bar.limit:g} x" if bar.of_ratio else f"{sign} {bar.limit:g} {unit}".strip()


def _change(change: Change | None) -> str:
    if change is None:
        return ""
    direction = "worse" if change.worse > 0 else "better"
    return f"[{COLOURS[change.verdict]}]{abs(change.worse):.0%} {direction}[/]"
