"""Copies of a SQLite file, made before its tables change."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

KEPT = 3


def back_up(database: Path, revision: str) -> Path | None:
    """Copies the last committed state beside the file and keeps the last three copies.

    None when there are no tables. Raises sqlite3.Error, OSError; then no copy is left.
    """
    with closing(sqlite3.connect(database)) as source:
        if not source.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            return None
        copy = database.with_name(f"{database.name}.before-{revision}")
        unfinished = copy.with_name(f"{copy.name}.new")
        try:
            _copy(source, database, unfinished)
            unfinished.replace(copy)
        finally:
            unfinished.unlink(missing_ok=True)
    for old in _newest_first(database)[KEPT:]:
        old.unlink(missing_ok=True)
    return copy


def _copy(source: sqlite3.Connection, database: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    target.touch(mode=0o600)
    shutil.copymode(database, target)
    with closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
        # One file that is whole without others beside it.
        copy.execute("PRAGMA journal_mode = DELETE")


def _newest_first(database: Path) -> list[Path]:
    found = [
        path
        for path in database.parent.iterdir()
        if path.name.startswith(f"{database.name}.before-") and path.suffix != ".new"
    ]
    return sorted(found, key=lambda path: path.stat().st_mtime_ns, reverse=True)
