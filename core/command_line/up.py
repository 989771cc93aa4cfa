"""`up`: the host in the foreground, with what it does shown as it happens."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from core import config as configuration
from core import config_checks
from core.config import LOUNGE, Config
from core.disk import is_full
from core.host import service
from core.logs import printable
from core.runtime import Addresses, ProcessState


def run(data: Path, config: Path | None) -> None:
    """Returns when everything has stopped. Raises UserError when it cannot start."""
    settings = configuration.load(data, config)
    config_checks.check(settings)
    progress = ConsoleProgress(settings)
    with progress:
        asyncio.run(service.run(data, settings, progress))
    progress.note("stopped; everything is kept")


class _Output(Console):
    """Goes quiet when its reader has gone; the processes go on."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        # What Python flushes at its end must go somewhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class ConsoleProgress:
    """Lines for a terminal or a file; goes quiet when nobody reads them any more."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._console: Console = _Output(highlight=False, soft_wrap=True, emoji=False)
        self._spinner = self._console.status("starting")
        self._starting: set[str] = set()

    def __enter__(self) -> "ConsoleProgress":
        if self._console.is_terminal:
            self._spinner.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._quietly():
            self._spinner.stop()

    def note(self, text: str) -> None:
        self._print(_plain(text))

    def changed(self, name: str, state: ProcessState, ready_after: float | None) -> None:
        if state.state == "starting":
            self._starting.add(name)
        else:
            self._starting.discard(name)
        with self._quietly():
            self._spinner.update(f"starting {', '.join(sorted(self._starting))}")
        if state.state == "ready" and ready_after is not None:
            self._print(f"[green]✓[/] {name} [dim]{ready_after:.1f} s[/]")
        elif state.state == "crashed":
            self._print(f"[red]✗[/] {name} {_plain(state.last_error or '')}")

    def running(self, addresses: Addresses, missing: dict[str, str]) -> None:
        self._print(_table(addresses, self._config))
        for name, why in missing.items():
            self._print(f"[red]without {name}[/]: {_plain(why)}; see bin/rosey logs {name}")

    def complete(self) -> None:
        with self._quietly():
            self._spinner.stop()
        self._print("ready")

    def _print(self, what: str | Table) -> None:
        with self._quietly():
            self._console.print(what)
            self._console.file.flush()

    @contextlib.contextmanager
    def _quietly(self) -> Iterator[None]:
        """A closed terminal or pipe is no reason to stop before the children are told.

        Nor is a full disk, and there may be room again.
        """
        try:
            yield
        except OSError as problem:
            self._console.quiet = not is_full(problem)


def _plain(text: str) -> str:
    """Text that is no markup and steers no terminal."""
    return escape(printable(text))


def _table(addresses: Addresses, config: Config) -> Table:
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    rooms = [each.room for each in config.connections if each.platform == LOUNGE and not each.site]
    if addresses.lounge and rooms:
        table.add_row("room", f"{addresses.lounge}/r/{rooms[0]}")
    table.add_row("Temporal Web UI", addresses.temporal_ui or f"(of {addresses.temporal})")
    table.add_row("NATS", addresses.nats)
    table.add_row("NATS monitoring", addresses.nats_monitoring or "(of that server)")
    return table
