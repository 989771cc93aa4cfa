"""The commands the host starts, run as anybody would; and `say`."""

import asyncio
import fcntl
import logging
import os
import signal
import subprocess
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core import logs
from core.command_line import by_hand, say
from core.command_line.app import main
from core.config import CHECKOUT
from core.errors import UserError
from core.host.ports import free_port
from core.runtime import Addresses, Runtime

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def lounge(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A lounge started by hand: its data folder, and its address."""

    port = free_port()
    data = tmp_path / ".rosey"
    url = f"http://127.0.0.1:{port}"
    (tmp_path / "rosey.toml").write_text(
        f'lounge.port = {port}\n[[connections]]\nname = "lounge"\nplatform = "lounge"\n'
        f'room = "lobby"\nsite = "{url}"\n'
    )
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "core", "lounge", "--data", str(data)],
        cwd=CHECKOUT,
        pass_fds=[writing],
        env={**os.environ, "ROSEY_READY_FD": str(writing)},
    )
    os.close(writing)
    with os.fdopen(reading) as pipe:
        assert pipe.readline() == "ready\n"
    yield data, url
    process.terminate()
    assert process.wait(5) == 0


@pytest.fixture
def _as_if_running(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROSEY_NATS_URL", "nats://127.0.0.1:1")
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")


@pytest.mark.usefixtures("_as_if_running")
def test_say_prints_the_answers(lounge: tuple[Path, str], capsys: Captured) -> None:
    data, url = lounge

    async def scene() -> int:
        from connectors.lounge.guest import Guest

        async with Guest(url, "lobby", "Rosey") as rosey:
            words = ["say", "!roll 1d1", "--as", "ann", "--wait", "10", "--data", str(data)]
            speaking = asyncio.create_task(asyncio.to_thread(main, words))
            line = await rosey.wait_line(lambda line: line.user == "ann")
            assert line.text == "!roll 1d1"
            await rosey.say("1d1: 1")
            await rosey.pm("ann", "psst")
            return await speaking

    assert asyncio.run(scene()) == 0
    assert capsys.readouterr().out == "Rosey: 1d1: 1\nRosey (privately): psst\n"
    assert (data / "lounge" / "history.jsonl").exists()


@pytest.mark.usefixtures("_as_if_running")
def test_say_waits_no_longer_than_asked(lounge: tuple[Path, str], capsys: Captured) -> None:
    data, _ = lounge
    assert main(["say", "anybody?", "--wait", "0.2", "--data", str(data)]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("_as_if_running")
def test_say_tells_why_a_room_cannot_be_entered(lounge: tuple[Path, str], capsys: Captured) -> None:
    data, url = lounge
    assert main(["say", "hello", "--as", "not a name", "--data", str(data)]) == 1
    assert f"lobby at {url} cannot be entered: not a name: Invalid" in capsys.readouterr().err
    assert main(["say", "hello", "--room", "lobby", "--data", str(data)]) == 1
    assert capsys.readouterr().err == "'lobby' is no room; it looks like lounge/lobby.\n"


@pytest.mark.parametrize(
    ("login", "name"),
    [("ann", "ann"), ("Ann O'Nym", "Ann_O_Nym"), ("x" * 30, "x" * 20), ("...", "guest")],
)
def test_who_says_it_is_who_is_logged_in(
    monkeypatch: pytest.MonkeyPatch, login: str, name: str
) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: login)
    assert say.own_name() == name


def test_nobody_is_logged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("uid not found")

    monkeypatch.setattr("getpass.getuser", nobody)
    assert say.own_name() == "guest"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_service_that_is_told_to_end_ends_well(number: signal.Signals) -> None:
    seen: list[str] = []

    async def work() -> None:
        try:
            os.kill(os.getpid(), number)
            await asyncio.Event().wait()
        finally:
            seen.append("tidied up")

    by_hand.serve(work())
    assert seen == ["tidied up"]


def test_a_service_that_fails_or_is_cancelled_from_within_fails() -> None:
    async def fail() -> None:
        raise UserError("no")

    async def cancelled() -> None:
        raise asyncio.CancelledError

    with pytest.raises(UserError, match="no"):
        by_hand.serve(fail())
    with pytest.raises(asyncio.CancelledError):
        by_hand.serve(cancelled())


@pytest.mark.parametrize(
    ("words", "module", "expected"),
    [
        (["worker", "trivia", "trivia"], "core.plugin_host.service", (["trivia"],)),
        (["worker", "dice", "trivia"], "core.plugin_host.service", (["dice", "trivia"],)),
        (["connector", "lounge"], "core.connection_host", ("lounge",)),
        (["router"], "core.router.service", ()),
        (["database"], "core.database.service", ()),
        (["recorder"], "core.recorder.service", ()),
    ],
)
def test_commands_run_their_service(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    words: list[str],
    module: str,
    expected: tuple[Any, ...],
) -> None:
    calls: list[tuple[Any, ...]] = []

    async def run(*arguments: Any) -> None:
        calls.append(arguments)

    service = types.ModuleType(module)
    service.run = run  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module, service)
    file = tmp_path / "rosey.toml"
    file.touch()
    assert main([*words, "--data", str(tmp_path), "--config", str(file)]) == 0
    assert calls == [(*expected, tmp_path, file)]


def test_the_lounge_listens_where_the_host_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen: list[Any] = []

    async def serve(settings: Any, ready: Any) -> None:
        ready("http://127.0.0.1:5")
        seen.append(settings)

    server = types.ModuleType("connectors.lounge.server")
    server.serve = serve  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "connectors.lounge.server", server)
    monkeypatch.setattr("core.host.notify.ready", lambda: seen.append("ready"))
    file = tmp_path / "rosey.toml"
    file.write_text("lounge.port = 4\n")
    words = ["lounge", "--data", str(tmp_path), "--config", str(file)]
    assert main(words) == 0
    addresses = Addresses("nats://x", "x:1", lounge="http://127.0.0.1:5")
    Runtime(addresses, os.getpid()).write(tmp_path)
    with (tmp_path / "rosey.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert main(words) == 0
    assert [each if each == "ready" else each.port for each in seen] == ["ready", 4, "ready", 5]
    assert seen[1].history_file == tmp_path / "lounge" / "history.jsonl"


def test_bench_gets_its_options(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Captured
) -> None:
    bench = types.ModuleType("core.bench")
    bench.run = lambda json, against, as_markdown: (  # type: ignore[attr-defined]
        2 if as_markdown else 1 if json and against else 0
    )
    monkeypatch.setitem(sys.modules, "core.bench", bench)
    earlier = tmp_path / "earlier.json"
    earlier.touch()
    assert main(["bench"]) == 0
    assert main(["bench", "--json", "--against", str(earlier)]) == 1
    assert main(["bench", "--markdown"]) == 2
    assert main(["bench", "--against", str(tmp_path / "none")]) == 1
    assert "to compare with" in capsys.readouterr().err


def test_a_record_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", root.level)
    monkeypatch.setenv("ROSEY_LOG", "warning")
    logs.set_up()
    logging.getLogger("core.router").info("too quiet")
    logging.getLogger("core.router").warning("said: %s", "a\nb\r")
    [line] = capsys.readouterr().err.splitlines()
    assert line.endswith("WARNING core.router: said: a\\nb\\r")
    monkeypatch.setenv("ROSEY_LOG", "loud")
    with pytest.raises(UserError, match=r"ROSEY_LOG=LOUD is no level; allowed: DEBUG"):
        logs.set_up()
