"""`logs`: the last lines of one log file or of all, and the new ones."""

import os
import time
from pathlib import Path

import typer

from core.errors import UnknownName, UserError
from core.host import log_files
from core.logs import printable

ONE_FILE_LINES = 50
ALL_FILES_LINES = 15
PAUSE_SECONDS = 0.2


def show(data: Path, name: str | None, follow: bool) -> None:
    """Prints them; with `follow` until Ctrl-C. Raises UserError, UnknownName."""
    names = _names(data)
    if not names:
        raise UserError(f"There are no logs in {data}; nothing was started there yet.")
    if name is not None and name not in names:
        raise UnknownName("log", name, names)
    tails = {each: Tail(log_files.path(data, each)) for each in ([name] if name else names)}
    lines = ONE_FILE_LINES if name else ALL_FILES_LINES
    for each, tail in tails.items():
        _print(tail.new()[-lines:], each if name is None else None)
    while follow:
        time.sleep(PAUSE_SECONDS)
        if name is None:
            for each in _names(data):
                tails.setdefault(each, Tail(log_files.path(data, each)))
        for each, tail in tails.items():
            _print(tail.new(), each if name is None else None)


class Tail:
    """One log file, read on from where it was, also after it was moved aside."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._inode: int | None = None
        self._position = 0

    def new(self) -> list[str]:
        """The whole lines that were not given yet."""
        try:
            with self._file.open("rb") as log:
                now = os.fstat(log.fileno())
                if now.st_ino != self._inode or now.st_size < self._position:
                    self._inode, self._position = now.st_ino, 0
                log.seek(self._position)
                whole, end, _ = log.read().rpartition(b"\n")
        except FileNotFoundError:
            return []
        self._position += len(whole) + len(end)
        return whole.decode(errors="replace").split("\n") if end else []


def _names(data: Path) -> list[str]:
    return sorted(file.stem for file in log_files.folder(data).glob("*.log"))


def _print(lines: list[str], name: str | None) -> None:
    """Not all that is in the files went through our own logging."""
    for line in lines:
        shown = printable(line.rstrip("\r").expandtabs())
        typer.echo(f"{name}: {shown}" if name else shown)
