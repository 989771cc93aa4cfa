"""What others said is inert on a terminal: no markup, no escape sequence, no line of its own."""

import asyncio
from pathlib import Path
from typing import NamedTuple

import pytest

from core.command_line import running, say
from core.command_line.app import main
from core.command_line.up import ConsoleProgress
from core.config import Config
from core.errors import UserError
from core.host import log_files
from core.runtime import Addresses, ProcessState, Runtime

Captured = pytest.CaptureFixture[str]
HOSTILE = "[red]oh[/] [/] \\[b] :warning: \x1b[2J\x1b]0;t\x07\u202e\nready"
INERT = "[red]oh[/] [/] \\[b] :warning: \\x1b[2J\\x1b]0;t\\x07\\u202e\\nready"
ADDRESSES = Addresses(nats="nats://127.0.0.1:1", temporal="127.0.0.1:2")


def test_status(capsys: Captured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    state = ProcessState(None, "crashed", 1, last_error=HOSTILE)
    runtime = Runtime(ADDRESSES, 1, {"dice": state})
    monkeypatch.setattr(running, "ask", lambda data, message: {"runtime": runtime.as_dict()})
    assert main(["status", "--data", str(tmp_path)]) == 0
    output = capsys.readouterr().out
    [line] = [line for line in output.splitlines() if " dice " in line]
    assert INERT in line
    assert "\x1b" not in output
    assert main(["status", "--json", "--data", str(tmp_path)]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_up(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    progress = ConsoleProgress(Config())
    progress.note(HOSTILE)
    progress.changed("dice", ProcessState(None, "crashed", 1, last_error=HOSTILE), None)
    progress.running(ADDRESSES, {"dice": HOSTILE})
    note, crashed, *_, missing = capsys.readouterr().out.splitlines()
    assert note == INERT
    assert crashed == f"✗ dice {INERT}"
    assert missing == f"without dice: {INERT}; see bin/rosey logs dice"


class Line(NamedTuple):
    user: str
    text: str
    pm: bool


class Silence(Exception):
    pass


class Guest:
    name = "me"
    lines = (Line("eve", HOSTILE, True), Line("eve\x1b[2J", "half \ud83d", False))

    async def wait_line(self, fits: object, left: float, seen: int) -> None:
        if seen >= len(self.lines):
            raise Silence


def test_say(capsys: Captured) -> None:
    asyncio.run(say._print_answers(Guest(), 1.0, Silence))
    assert capsys.readouterr().out.splitlines() == [
        f"eve (privately): {INERT}",
        "eve\\x1b[2J: half \\ud83d",
    ]


def test_logs_of_others(capsys: Captured, tmp_path: Path) -> None:
    log_files.folder(tmp_path).mkdir()
    text = "one\u2028two\x0bthree \x1b[31mred\r\n\tat main.go\n"
    log_files.path(tmp_path, "nats").write_bytes(text.encode())
    assert main(["logs", "--data", str(tmp_path)]) == 0
    assert capsys.readouterr().out.split("\n") == [
        "nats: one\\u2028two\\x0bthree \\x1b[31mred",
        "nats:         at main.go",
        "",
    ]


def test_an_error_keeps_its_lines(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(data: Path) -> None:
        raise UserError("one \x1b[2J\ntwo")

    monkeypatch.setattr(running, "stop", fail)
    assert main(["down"]) == 1
    assert capsys.readouterr().err == "one \\x1b[2J\ntwo\n"
