"""`bus traffic`: what each process does on the bus, and how long it takes."""

import json
from pathlib import Path

import typer

from core.command_line.operator import as_operator
from rosey import streams, subjects
from rosey.bus import Bus
from rosey.events import Metrics, Traffic


def show(data: Path, file: Path | None, as_json: bool) -> None:
    """A table, or JSON for programs, of what the host stored last."""
    traffic = as_operator(data, file, _newest)
    if as_json:
        typer.echo(json.dumps([one.model_dump() for one in traffic], indent=2))
    elif traffic:
        _print(traffic)
    else:
        typer.echo("No process has told of its traffic yet; they do so every few seconds.")


async def _newest(bus: Bus) -> list[Traffic]:
    stored = await bus.last(streams.MONITORING, subjects.METRICS)
    return Metrics.read(stored).traffic if stored else []


def _print(traffic: list[Traffic]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(caption="since each process began; times are upper bounds")
    for heading in ("process", "way", "subjects"):
        table.add_column(heading, no_wrap=True)
    for heading in ("messages", "failed", "half within", "99 % within"):
        table.add_column(heading, justify="right", no_wrap=True)
    before = ""
    for one in traffic:
        if before and one.process != before:
            table.add_section()
        table.add_row(
            one.process if one.process != before else "",
            one.way,
            one.family,
            f"{one.count:,}",
            f"[red]{one.failed:,}[/]" if one.failed else "0",
            _milliseconds(one.p50),
            _milliseconds(one.p99),
        )
        before = one.process
    Console().print(table)


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:g} ms"
