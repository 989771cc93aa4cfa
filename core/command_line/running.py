"""down, status, restart: what is asked of the running host."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer

from core.errors import UserError
from core.host import control
from core.logs import printable
from core.runtime import NotRunning, Runtime, held

ASK_SECONDS = 5.0
RESTART_SECONDS = 40.0
DOWN_SECONDS = 15.0


def ask(data: Path, message: dict[str, Any], seconds: float = ASK_SECONDS) -> dict[str, Any]:
    """Raises NotRunning, or UserError when the host does not answer."""
    try:
        return control.ask(data, message, seconds)
    except TimeoutError:
        raise UserError(f"The Rosey on {data} does not answer; see {data}/logs.") from None
    except OSError:
        raise NotRunning(data) from None


def stop(data: Path) -> None:
    """Returns when the host and all its children are gone."""
    ask(data, {"command": "down"})
    deadline = time.monotonic() + DOWN_SECONDS
    while held(data):
        if time.monotonic() > deadline:
            raise UserError(f"Rosey on {data} was told to stop and still runs; see {data}/logs.")
        time.sleep(0.02)
    typer.echo("stopped")


def restart_processes(data: Path, name: str | None) -> None:
    """Says of each how it is now. Raises UserError when one does not answer."""
    message = {"command": "restart"} | ({"name": name} if name else {})
    states = ask(data, message, RESTART_SECONDS)["processes"]
    for each, state in states.items():
        typer.echo(f"{each}: {state}")
    late = [each for each, state in states.items() if state != "ready"]
    if late:
        raise UserError(f"Not answering: {', '.join(late)}; see bin/rosey logs {late[0]}.")


def show_status(data: Path, as_json: bool) -> None:
    """A table, or JSON for programs."""
    runtime = Runtime.from_dict(ask(data, {"command": "status"})["runtime"])
    if as_json:
        typer.echo(json.dumps(runtime.as_dict(), indent=2))
        return
    from rich.console import Console

    console = Console()
    console.print(_table(runtime, datetime.now(UTC)))
    for name, each in runtime.processes.items():
        if each.box:
            console.print(_plain(f"{name}: {each.box}"))
    for name, count in runtime.violations.items():
        times = "once" if count == 1 else f"{count} times"
        console.print(f"{name} tried {times} what it may not; see bin/rosey logs nats", style="red")
    for line in runtime.warnings:
        console.print(_plain(f"! {line}"), style="yellow")
    console.print(f"host: process {runtime.pid}, data folder {data}", highlight=False)


def _table(runtime: Runtime, now: datetime) -> Any:
    from rich.table import Table

    table = Table()
    for heading in ("process", "state", "pid", "restarts", "memory", "up for"):
        table.add_column(heading, no_wrap=True)
    table.add_column("last error", overflow="fold")
    for name, each in runtime.processes.items():
        table.add_row(
            name,
            _coloured(each.state),
            str(each.pid or ""),
            str(each.restarts),
            f"{each.memory_mb:.0f} MB" if each.memory_mb else "",
            _since(each.started_at, now) if each.pid else "",
            _plain(each.last_error or ""),
        )
    total = sum(each.memory_mb or 0 for each in runtime.processes.values())
    table.caption = f"{total:.0f} MB together"
    return table


def _coloured(state: str) -> str:
    bad = ("crashed", "restricted", "failed", "unhealthy")
    colour = "green" if state == "ready" else "red" if state in bad else "yellow"
    return f"[{colour}]{state}[/]"


def _plain(text: str) -> Any:
    from rich.text import Text

    return Text(printable(text))


def _since(started_at: str | None, now: datetime) -> str:
    """`4 s`, `3 min`, `2 h 5 min`, `3 d 2 h`."""
    if started_at is None:
        return ""
    seconds = int((now - datetime.fromisoformat(started_at)).total_seconds())
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if minutes < 1:
        return f"{max(seconds, 0)} s"
    if hours < 1:
        return f"{minutes} min"
    if days < 1:
        return f"{hours} h {minutes % 60} min"
    return f"{days} d {hours % 24} h"
