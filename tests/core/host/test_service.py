"""The host inside the test's own process: what it keeps running, and what it answers."""

import asyncio
import json
import os
import signal
import socket
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from core.authority.login import login
from core.authority.rights import OPERATOR
from core.config import NatsConfig
from core.host import backlog, control, service
from core.host.lock import AlreadyRunning
from core.host.specs import MOST_CRASHES
from core.host.temporal import Prepare
from core.runtime import Addresses, ProcessState, Runtime, find, held
from rosey import subjects
from rosey.bus import Bus
from tests.core.host.conftest import gone
from tests.core.host.stand_ins import child, marks, settings

PATIENCE = 15.0
AWAY = {"ROSEY_NATS_URL": "nats://127.0.0.1:1", "TEMPORAL_ADDRESS": "127.0.0.1:1"}


async def until(condition: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """The first true value of `condition`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        await asyncio.sleep(0.005)
    return value


class Recorder:
    """A Progress that keeps what it is told."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.states: list[tuple[str, str]] = []
        self.addresses: Addresses | None = None
        self.missing: dict[str, str] = {}
        self.is_complete = False

    def note(self, text: str) -> None:
        self.notes.append(text)

    def changed(self, name: str, state: ProcessState, ready_after: float | None) -> None:
        self.states.append((name, state.state))

    def running(self, addresses: Addresses, missing: dict[str, str]) -> None:
        self.addresses, self.missing = addresses, missing

    def complete(self) -> None:
        self.is_complete = True


class Host:
    """A running host; `told` is what its progress was told."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.told = Recorder()

    async def ask(self, **message: object) -> dict[str, Any]:
        return await asyncio.to_thread(control.ask, self.data, message, 10)

    async def status(self) -> Runtime:
        return Runtime.from_dict((await self.ask(command="status"))["runtime"])

    async def complete(self) -> None:
        await until(lambda: self.told.is_complete, "everything answers")

    async def becomes(self, name: str, state: str, times: int) -> None:
        """Waits until a process was told to be in a state so many times."""
        await until(lambda: self.told.states.count((name, state)) == times, f"{name} is {state}")

    async def state(self, name: str) -> ProcessState:
        return (await self.status()).processes[name]


async def prepared(address: str) -> None:
    """Temporal needs nothing."""


@asynccontextmanager
async def hosting(
    data: Path,
    children: dict[str, str],
    *,
    nats_port: int = 0,
    prepare: Prepare = prepared,
    plugins: Collection[str] = (),
    calls: Mapping[str, tuple[str, ...]] | None = None,
) -> AsyncIterator[Host]:
    host = Host(data)
    most = dict.fromkeys(plugins, MOST_CRASHES)
    called = calls or {}
    own = [
        child(data, name, manners, name in plugins, most.get(name), called.get(name, ()))
        for name, manners in children.items()
    ]
    work = service.run(data, settings(nats_port), host.told, own=own, prepare=prepare)
    task = asyncio.create_task(work)
    await until(lambda: (data / "control.sock").exists() or task.done(), "it has begun")
    try:
        yield host
    finally:
        if not task.done():
            await host.ask(command="down")
        await task


@pytest.fixture
def no_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in AWAY.items():
        monkeypatch.setenv(name, value)


async def test_the_whole_life(tmp_path: Path) -> None:
    failures = [RuntimeError("the namespace is not there yet")] * 2
    asked: list[str] = []

    async def prepare(address: str) -> None:
        asked.append(address)
        if failures:
            raise failures.pop()

    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        taken = holder.getsockname()[1]
        manners = {"router": "", "connector-lounge": ""}
        async with hosting(tmp_path, manners, nats_port=taken, prepare=prepare) as host:
            await host.complete()
            runtime = find(tmp_path)
            port = int(runtime.addresses.nats.rpartition(":")[2])
            assert port > taken
            assert host.told.notes == [f"port {taken} is taken: NATS listens on {port}"]
            assert host.told.addresses == runtime.addresses
            assert asked == [runtime.addresses.temporal] * 3
            status = await host.status()
            assert {each.state for each in status.processes.values()} == {"ready"}
            assert all((each.memory_mb or 0) > 1 for each in status.processes.values())
            assert [each.restarts for each in status.processes.values()] == [0] * 4
            assert status.processes["temporal"].last_error is None
            with urllib.request.urlopen(f"{runtime.addresses.nats_monitoring}/varz") as answer:
                assert json.load(answer)["jetstream"]["config"]["sync_interval"] == 1_000_000_000
            for name in ("nats", "temporal"):
                os.kill(status.processes[name].pid or 0, signal.SIGKILL)
            began = time.monotonic()
            for name in ("nats", "temporal"):
                await host.becomes(name, "ready", 2)
            assert time.monotonic() - began < 5.0
            assert len(asked) == 3
            assert (await host.status()).addresses == runtime.addresses
            assert len(marks(tmp_path, "router")) == 1
            began = time.monotonic()
        assert time.monotonic() - began < 3.0
    assert not held(tmp_path)
    assert not (tmp_path / "runtime.json").exists()
    async with hosting(tmp_path, {}, prepare=prepare) as again:
        await again.complete()
    assert len(asked) == 3, "the file of Temporal remembers"
    stopped = [name for name, state in host.told.states if state == "stopped"]
    assert set(stopped[:2]) == {"router", "connector-lounge"}, "the servers come last"
    assert len(stopped) == 4


@pytest.mark.usefixtures("no_servers")
async def test_servers_of_the_environment_are_used(tmp_path: Path) -> None:
    async with hosting(tmp_path, {"router": ""}) as host:
        await host.complete()
        assert list((await host.status()).processes) == ["router"]
        assert host.told.notes == [
            "NATS is the one of ROSEY_NATS_URL: nats://127.0.0.1:1",
            "Temporal is the one of TEMPORAL_ADDRESS: 127.0.0.1:1",
        ]
        with pytest.raises(AlreadyRunning, match=f"process {os.getpid()} holds it"):
            await service.run(tmp_path, settings(), Recorder(), own=[])


@pytest.mark.usefixtures("no_servers")
async def test_a_crashed_child_comes_back_at_once(tmp_path: Path) -> None:
    async with hosting(tmp_path, {"router": "", "dice": ""}) as host:
        await host.complete()
        os.kill(marks(tmp_path, "dice")[0], signal.SIGKILL)
        began = time.monotonic()
        await host.becomes("dice", "starting", 2)
        assert time.monotonic() - began < 0.5
        await until(lambda: host.told.states[-1] == ("dice", "ready"), "dice is ready")
        dice = await host.state("dice")
        assert (dice.restarts, dice.last_error) == (1, "killed by SIGKILL")
        assert dice.pid == marks(tmp_path, "dice")[1]
        assert (await host.state("router")).restarts == 0


@pytest.mark.usefixtures("no_servers")
async def test_what_keeps_crashing_is_tried_again_with_growing_pauses(tmp_path: Path) -> None:
    manners = {"router": "", "dice": "crash", "connector-lounge": ""}
    async with hosting(tmp_path, manners) as host:
        starts = []
        for count in range(1, 5):
            await host.becomes("dice", "starting", count)
            starts.append(time.monotonic())
        crashes = [later - earlier for earlier, later in pairwise(starts)]
        assert crashes[0] < 0.9
        assert crashes[1] >= 1.0
        assert crashes[2] >= 2.0
        # The others run meanwhile, and it is plain what is missing.
        assert (await host.state("connector-lounge")).state == "ready"
        error = "ended with exit code 1: the cat is on the keyboard"
        assert host.told.missing == {"dice": error}
        assert not host.told.is_complete
        began = time.monotonic()
        await until(lambda: host.told.states[-1] == ("dice", "crashed"), "it waits again")
        reply = await host.ask(command="restart", name="dice")
        assert reply == {"processes": {"dice": "crashed"}}
        assert time.monotonic() - began < 3.0, "a restart does not wait out the pause"
        assert len(marks(tmp_path, "dice")) == 6


@pytest.mark.usefixtures("no_servers")
async def test_restart_of_one_of_all_and_of_none(tmp_path: Path) -> None:
    async with hosting(tmp_path, {"router": "", "dice": "stubborn"}) as host:
        await host.complete()
        reply = await host.ask(command="restart", name="dice")
        assert reply == {"processes": {"dice": "ready"}}
        assert len(marks(tmp_path, "router")) == 1
        assert gone(marks(tmp_path, "dice")[0])
        reply = await host.ask(command="restart")
        assert reply == {"processes": {"router": "ready", "dice": "ready"}}
        assert (len(marks(tmp_path, "router")), len(marks(tmp_path, "dice"))) == (2, 3)
        status = await host.status()
        assert [each.restarts for each in status.processes.values()] == [0, 0]
        with pytest.raises(control.Refused, match=r"no process 'dic'; .*mean dice") as refused:
            await host.ask(command="restart", name="dic")
        assert refused.value.exit_code == 2


@pytest.mark.usefixtures("no_servers")
async def test_a_restart_that_takes_too_long_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "RESTART_SECONDS", 0.2)
    async with hosting(tmp_path, {"dice": "mute"}) as host:
        await until(lambda: marks(tmp_path, "dice"), "dice was started")
        reply = await host.ask(command="restart", name="dice")
        assert reply == {"processes": {"dice": "starting"}}


@pytest.mark.usefixtures("no_servers")
async def test_what_hangs_at_its_start_does_not_hold_up_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.host.supervisor.SETTLE_SECONDS", 0.5)
    async with hosting(tmp_path, {"router": "mute", "connector-lounge": ""}) as host:
        await until(lambda: host.told.addresses, "what can run runs")
        assert host.told.missing == {"router": "starting"}
        assert (await host.state("connector-lounge")).state == "ready"


@pytest.mark.usefixtures("no_servers")
async def test_it_can_be_stopped_while_it_starts(tmp_path: Path) -> None:
    async with hosting(tmp_path, {"router": "mute", "connector-lounge": ""}):
        await until(lambda: marks(tmp_path, "router"), "the router was started")
        began = time.monotonic()
    assert time.monotonic() - began < 3.0
    assert gone(marks(tmp_path, "router")[0])
    assert not (tmp_path / "connector-lounge.marks.working").exists()


@pytest.mark.usefixtures("no_servers")
async def test_a_long_data_path_works(tmp_path: Path) -> None:
    data = tmp_path / ("long" * 30) / ("longer" * 20)
    async with hosting(data, {"router": ""}) as host:
        await host.complete()
        assert len(str(data)) > 200
        assert (await host.state("router")).state == "ready"
        assert (data / "control.sock").stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("no_servers")
async def test_the_control_socket_refuses_nonsense(tmp_path: Path) -> None:
    def send(line: bytes) -> dict[str, Any]:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(tmp_path / "control.sock"))
            with suppress(BrokenPipeError):  # it need not be read to the end to be refused
                client.sendall(line)
            answer: dict[str, Any] = json.loads(client.makefile().readline())
            return answer

    async with hosting(tmp_path, {"router": ""}) as host:
        await host.complete()
        for line in (b"nonsense\n", b"[]\n", b"x" * 100_000 + b"\n"):
            answer = await asyncio.to_thread(send, line)
            assert answer == {
                "ok": False,
                "error": "A request is one JSON object on one line.",
                "code": 1,
            }
        answer = await asyncio.to_thread(send, b'{"command": "dance"}\n')
        assert answer["error"] == (
            "The host understands status, down, restart, reload, disable, installed and plugin."
        )
        assert (await host.state("router")).state == "ready"


async def test_a_host_that_hangs_up_is_told_from_one_that_is_away(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        control.ask(tmp_path, {"command": "status"}, 1)
    server = await asyncio.start_unix_server(
        lambda _, writer: writer.close(), tmp_path / "control.sock"
    )
    async with server:
        with pytest.raises(ConnectionError):
            await asyncio.to_thread(control.ask, tmp_path, {"command": "status"}, 5)


async def test_what_waits_for_too_long_is_in_the_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog, "LOOK_EVERY", 0.1)
    async with hosting(tmp_path, {}) as host:
        await host.complete()
        us = login(tmp_path, NatsConfig(), OPERATOR)
        bus = await Bus.connect(find(tmp_path).addresses.nats, "test", us)
        await bus.declare(["dice"])
        roll = subjects.command("dice", "roll")
        for number in range(1001):
            await bus.store_soon(roll, b"{}", f"c-{number}")
        await until(lambda: find(tmp_path).warnings, "there is a warning")
        [line] = (await host.status()).warnings
        assert line.startswith("1001 messages of COMMANDS_dice wait for dice")
        await bus.js.purge_stream("COMMANDS_dice")
        await until(lambda: not find(tmp_path).warnings, "the warning is gone")
        await bus.drain()
