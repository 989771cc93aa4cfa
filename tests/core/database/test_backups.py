"""Copies of a SQLite file."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from core.database.backups import back_up


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "rosey.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("PRAGMA journal_mode = WAL; CREATE TABLE a (b)")
        connection.execute("INSERT INTO a VALUES (1)")
        connection.commit()
    path.chmod(0o640)
    return path


def test_a_copy_holds_what_was_committed(database: Path) -> None:
    with closing(sqlite3.connect(database)) as writer:
        writer.execute("INSERT INTO a VALUES (2)")
        copy = back_up(database, "core_002")
    assert copy == database.with_name("rosey.db.before-core_002")
    with closing(sqlite3.connect(f"file:{copy}?mode=ro&immutable=1", uri=True)) as connection:
        assert connection.execute("SELECT b FROM a").fetchall() == [(1,)]
    assert copy.stat().st_mode & 0o777 == 0o640
    assert list(database.parent.glob("*before*")) == [copy]


def test_an_empty_file_needs_no_copy(tmp_path: Path) -> None:
    assert back_up(tmp_path / "rosey.db", "core_001") is None
    assert list(tmp_path.glob("*before*")) == []


def test_the_last_three_are_kept(database: Path) -> None:
    for number in range(5):
        copy = back_up(database, f"core_{number}")
        assert copy
        os.utime(copy, (number, number))
    kept = {path.name for path in database.parent.glob("*before*")}
    assert kept == {f"rosey.db.before-core_{number}" for number in (2, 3, 4)}


def test_what_could_not_be_copied_leaves_nothing(database: Path) -> None:
    with database.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 4000)
    with pytest.raises(sqlite3.DatabaseError):
        back_up(database, "core_002")
    assert list(database.parent.glob("*before*")) == []
