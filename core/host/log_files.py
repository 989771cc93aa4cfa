"""The log file of each process: DATA/logs/<name>.log."""

from pathlib import Path

ROTATE_BYTES = 10 * 1024 * 1024
TAIL_BYTES = 4096
TAIL_LINES = 3
LONGEST = 400
TRACEBACK = "Traceback (most recent call last):"


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

    Of a traceback only what was raised is left.
    """
    if not file.exists():
        return ""
    with file.open("rb") as log:
        size = log.seek(0, 2)
        log.seek(max(since, size - TAIL_BYTES))
        lines = log.read().decode(errors="replace").splitlines()
    said = [line.strip() for line in lines if line[:1].strip() and line != TRACEBACK]
    return " | ".join(said[-TAIL_LINES:])[-LONGEST:]
