import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.lounge import history as module
from connectors.lounge.history import KEPT, History


def line(text: str) -> dict[str, Any]:
    return {"username": "alice", "msg": text, "meta": {}, "time": 1}


def texts(history: History, room: str = "lobby") -> list[str]:
    return [line["msg"] for line in history.lines(room)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "history.jsonl"


def test_the_last_lines_of_each_room_survive_without_a_farewell(path: Path) -> None:
    first = History(path)
    for number in range(20):
        first.add("lobby", line(f"l{number}"))
    first.add("den", line("d\u2028\ud800"))
    second = History(path)  # the first was never closed
    assert texts(second) == [f"l{number}" for number in range(5, 20)]
    assert texts(second, "den") == ["d\u2028\ud800"]
    first.close()
    second.close()


def test_clear_is_kept_too(path: Path) -> None:
    history = History(path)
    history.add("lobby", line("old"))
    history.clear("lobby")
    history.add("lobby", line("new"))
    history.close()
    assert texts(History(path)) == ["new"]


@given(st.binary(max_size=60), st.integers(min_value=0, max_value=40))
def test_a_torn_or_foreign_file_is_read_as_far_as_it_goes(
    tmp_path_factory: pytest.TempPathFactory, rubbish: bytes, torn: int
) -> None:
    path = tmp_path_factory.mktemp("history") / "h"
    last = json.dumps({"room": "lobby", "line": line("torn")}).encode()[:torn]
    whole = json.dumps({"room": "lobby", "line": line("kept")}).encode()
    path.write_bytes(whole + b"\n" + rubbish.replace(b"\n", b"") + b"\n" + last)
    history = History(path)
    assert texts(history) == ["kept"]
    history.add("lobby", line("after"))
    history.close()
    again = History(path)
    assert texts(again) == ["kept", "after"]
    again.close()


@pytest.mark.parametrize("entry", ["5", "[]", '{"room": 5}', '{"line": {}}', "null"])
def test_lines_of_another_shape_are_ignored(path: Path, entry: str) -> None:
    path.parent.mkdir()
    path.write_text(entry + "\n" + json.dumps({"room": "lobby", "line": line("x")}) + "\n")
    assert texts(History(path)) == ["x"]


def test_compaction_keeps_the_file_small(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_COMPACT_AFTER", 40)
    history = History(path)
    for number in range(205):
        history.add("lobby", line(str(number)))
    assert len(path.read_text().splitlines()) <= KEPT + 40
    history.close()
    assert texts(History(path)) == [str(number) for number in range(190, 205)]


def test_a_full_disk_does_not_stop_the_talk(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    history = History(path)

    def full(file: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "disk full")

    monkeypatch.setattr(os, "write", full)
    history.add("lobby", line("said"))
    history.add("lobby", line("again"))
    assert texts(history) == ["said", "again"]


def test_without_a_path_nothing_is_written(tmp_path: Path) -> None:
    history = History(None)
    history.add("lobby", line("x"))
    history.clear("lobby")
    history.close()
    assert texts(history) == []
    assert list(tmp_path.iterdir()) == []
