"""The log file of each process: DATA/logs/<name>.log."""

import re
from pathlib import Path

ROTATE_BYTES = 10 * 1024 * 1024
TAIL_BYTES = 4096
TAIL_LINES = 3
LONGEST = 600
TRACEBACK = "Traceback (most recent call last):"
# A line of a log, ours or the Temporal library's, and no last word.
RECORD = re.compile(r"(\x1b\[2m)?\d{4}-\d\d-\d\d[ T]")


def folder(data: Path) -> Path:
    return data / "logs"


def path(data: Path, name: str) -> Path:
    return folder(data) / f"{name}.log"


def prepare(file: Path) -> int:
    """Makes room for a new run: a long log moves aside. Returns the size it starts from."""
    file.parent.mkdir(exist_ok=True)
    if not file.exists():
        return 0
    size = file.stat().st_size
    if size <= ROTATE_BYTES:
        return size
    file.replace(file.with_suffix(".log.1"))
    return 0


def last_words(file: Path, since: int) -> str:
    """The last lines written after byte `since`, on one line; empty when there are none.

    Of a traceback only what was raised is left; of what was logged before it, nothing.
    """
    if not file.exists():
        return ""
    with file.open("rb") as log:
        size = log.seek(0, 2)
        log.seek(max(since, size - TAIL_BYTES))
        lines = log.read().decode(errors="replace").splitlines()
    said = [line.strip() for line in lines if line[:1].strip() and line != TRACEBACK]
    logged = [number for number, line in enumerate(said, 1) if RECORD.match(line)]
    if logged and logged[-1] < len(said):
        said = said[logged[-1] :]
    return " | ".join(said[-TAIL_LINES:])[-LONGEST:]
