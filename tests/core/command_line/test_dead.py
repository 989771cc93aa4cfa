"""`bus dead` as it is typed: what it shows of hostile letters, and what it does."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from core.command_line.app import main
from core.host.ports import free_port
from rosey import streams, subjects
from rosey.bus import Bus
from tests.core.stage import stored
from tests.servers import NatsServer

ROLL = subjects.command("dice", "roll")
COMMANDS = streams.commands_of("dice")


@pytest.fixture(autouse=True)
def _running(nats: NatsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROSEY_NATS_URL", nats.url)
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)


class Typed:
    """Runs `bus dead` beside the test's own connection."""

    def __init__(self, bus: Bus, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.bus = bus
        self._data = data
        self._capsys = capsys

    async def __call__(self, *words: str, code: int = 0) -> str:
        arguments = ["bus", "dead", *words, "--data", str(self._data)]
        ended = await asyncio.to_thread(main, arguments)
        captured = self._capsys.readouterr()
        assert ended == code, captured.err
        return captured.err if code else captured.out

    async def json(self, *words: str) -> Any:
        return json.loads(await self(*words, "--json"))

    async def letter(self, data: bytes, reason: str = "a test", subject: str = ROLL) -> None:
        headers = {"Rosey-Reason": reason, "Rosey-Subject": subject}
        await self.bus.js.publish(subjects.dead(COMMANDS), data, headers=headers)


@pytest.fixture
def typed(bus: Bus, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Typed:
    return Typed(bus, tmp_path / "data", capsys)


async def test_nothing_there(typed: Typed) -> None:
    assert await typed("list") == "There are no dead letters.\n"
    assert await typed.json("list") == []
    said = await typed("show", "3", code=1)
    assert said == "There is no dead letter 3; `bin/rosey bus dead list` shows those there are.\n"


async def test_the_list(typed: Typed) -> None:
    await typed.letter(b"{}", "user: Field required [bold]\x1b[2J\u202e")
    await typed.letter(b"12345")
    first, second = await typed.json("list")
    assert (first["number"], first["stream"], first["subject"]) == (1, COMMANDS, ROLL)
    assert first["reason"] == "user: Field required [bold]\x1b[2J\u202e"
    assert (second["number"], second["size"], second["reason"]) == (2, 5, "a test")
    assert 0 <= second["age"] < 60
    assert second["at"].endswith("+00:00")
    lines = (await typed("list")).splitlines()
    [row] = [line for line in lines if "[bold]" in line]
    assert "user: Field required [bold]\\x1b[2J\\u202e" in row
    assert [COMMANDS in row, ROLL in row] == [True, True]


async def test_one_whole(typed: Typed) -> None:
    await typed.letter('{"user": {"name": "é"}, "text": "\u202e\x9b1m \\u0007"}'.encode())
    shown = await typed("show", "1")
    assert "stream: COMMANDS_dice\nsubject: rosey.command.dice.roll\n" in shown
    assert "\nRosey-Reason: a test\n" in shown
    assert '\n  "user": {\n    "name": "é"\n  },\n  "text": "\\u202e\\x9b1m \\u0007"\n}\n' in shown
    whole = await typed.json("show", "1")
    assert whole["body"] == {"user": {"name": "é"}, "text": "\u202e\x9b1m \u0007"}
    assert whole["headers"]["Rosey-Subject"] == ROLL


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"\xff\x1b[31mred\nnext", "\\xff\\x1b[31mred\nnext"),
        (b'{"a": NaN}', '{"a": NaN}'),
        (b"[" * 100_000, "[" * 100_000),
        (b'"\\ud800"', "\\ud800"),
        (b"", ""),
    ],
)
async def test_a_body_that_is_no_json(typed: Typed, data: bytes, line: str) -> None:
    await typed.letter(data)
    assert (await typed("show", "1")).endswith(f"\n\n{line}\n")
    json.loads(await typed("show", "1", "--json"), parse_constant=pytest.fail)


async def test_retry_and_drop(typed: Typed) -> None:
    for data in (b"1", b"2", b"3", b"4"):
        await typed.letter(data)
    assert await typed("retry", "2") == f"Dead letter 2 is on {ROLL} again.\n"
    assert await stored(typed.bus, COMMANDS, 1) == [(ROLL, b"2")]
    assert "There is no dead letter 2;" in await typed("retry", "2", code=1)
    assert "cannot be sent as a new one" in await typed("retry", "3", "--as-new", code=1)
    assert await typed("drop", "3") == "Dead letter 3 is gone.\n"
    assert [each["number"] for each in await typed.json("list")] == [1, 4]
    assert await typed("drop", "--all") == "2 dead letters are gone.\n"
    assert await typed.json("list") == []


async def test_a_nats_that_is_away(
    tmp_path: Path, typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROSEY_NATS_URL", f"nats://127.0.0.1:{free_port()}")
    assert (await typed("list", code=1)).startswith("No NATS server answers at nats://127")
