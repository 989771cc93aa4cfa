"""Who tries what he may not is told of, counted, and stopped when he goes on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from core.authority import guard as module
from core.authority.guard import Guard, follow
from core.authority.login import enter, login
from core.authority.rights import HOST, OPERATOR
from core.authority.violations import TOO_MANY
from core.config import NatsConfig
from rosey import streams, subjects
from rosey.bus import Bus
from rosey.events import Restricted, Violation
from tests.core.authority.stage import Guarded, everybody, guarded
from tests.servers import until


class Watched:
    """A guarded server with the guard at work."""

    def __init__(self, server: Guarded, operator: Bus, logfile: Path | None) -> None:
        self.server = server
        self.operator = operator
        self.counts: dict[str, int] = {}
        self.stopped: list[tuple[str, str]] = []
        self._logfile = logfile
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        keys = self.server.keys
        names = {keys.public(rights.name): rights.name for rights in everybody()}
        bus = await Bus.connect(
            self.server.url, "host", login(self.server.data, NatsConfig(), HOST)
        )
        self.guard = Guard(bus, lambda: names, self.counts.__setitem__, self._stop)
        self._tasks = [asyncio.create_task(self.guard.watch(self._logfile))]
        await bus.client.flush()
        self._bus = bus

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await self._bus.drain()

    async def _stop(self, plugin: str, why: str) -> None:
        self.stopped.append((plugin, why))

    async def dice(self) -> Bus:
        return await enter(
            self.server.url, "plugin dice", self.server.data, NatsConfig(), "plugin-dice"
        )

    async def last(self, subject: str) -> bytes | None:
        return await self.operator.last(streams.SECURITY, subject)


@pytest.fixture(params=["log", "told"])
async def watched(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Watched]:
    """With the server's log, and with a server elsewhere whose log nobody has."""
    monkeypatch.setattr(module, "LOOK_EVERY", 0.02)
    monkeypatch.setattr(module, "LOG_FIRST", 0.1)
    with guarded(tmp_path) as server:
        operator = await Bus.connect(server.url, "test", login(tmp_path, NatsConfig(), OPERATOR))
        await operator.declare(["dice"])
        watched = Watched(server, operator, server.log if request.param == "log" else None)
        await watched.start()
        yield watched
        await watched.end()
        await operator.drain()


async def test_a_try_is_told_of_and_counted_once(watched: Watched) -> None:
    dice = await watched.dice()
    await dice.publish("rosey.command.trivia.start", b"")
    await until(lambda: watched.counts.get("plugin-dice") == 1, what="the count")
    while (data := await watched.last(subjects.VIOLATION)) is None:
        await asyncio.sleep(0.01)
    told = Violation.read(data)
    assert (told.who, told.what, told.subject) == (
        "plugin-dice",
        "publish",
        "rosey.command.trivia.start",
    )
    # A second witness has had its time when a later try is counted.
    await dice.publish("rosey.command.trivia.stop", b"")
    await until(lambda: watched.counts.get("plugin-dice") == 2, what="the second")
    assert not watched.stopped
    await dice.drain()


async def test_a_plugin_that_keeps_trying_is_stopped_and_said_to_be(watched: Watched) -> None:
    dice = await watched.dice()
    for number in range(TOO_MANY):
        await dice.publish(f"rosey.platform.lounge.chat{number}", b"")
    await until(lambda: bool(watched.stopped), what="the stop")
    assert watched.stopped == [
        ("dice", f"stopped: it tried {TOO_MANY} times what its manifest does not allow")
    ]
    while (data := await watched.last(subjects.RESTRICTED)) is None:
        await asyncio.sleep(0.01)
    assert Restricted.read(data).plugin == "dice"
    await dice.drain()


async def test_what_a_process_tells_of_itself_may_be_nonsense(watched: Watched) -> None:
    dice = await watched.dice()
    await dice.publish(subjects.refusal("plugin-dice"), b"nonsense")
    await dice.publish("elsewhere", b"")
    await until(lambda: watched.counts.get("plugin-dice") == 1)
    await dice.drain()


async def test_nobody_can_accuse_another(watched: Watched) -> None:
    dice = await watched.dice()
    await dice.publish(subjects.refusal("plugin-trivia"), b'{"what":"publish","subject":"x"}')
    await until(lambda: watched.counts.get("plugin-dice") == 1, what="the false witness")
    assert "plugin-trivia" not in watched.counts
    await dice.drain()


async def test_a_log_is_followed_over_its_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_EVERY", 0.01)
    file = tmp_path / "nats.log"
    file.write_text("before\n")
    seen: list[str] = []

    async def read() -> None:
        async for line in follow(file):
            seen.append(line)

    task = asyncio.create_task(read())
    await asyncio.sleep(0)
    with file.open("a") as log:
        log.write("one\nhalf a ")
    await until(lambda: seen == ["one"])
    with file.open("a") as log:
        log.write("line\n")
    await until(lambda: seen == ["one", "half a line"])
    file.rename(tmp_path / "nats.log.1")
    file.write_text("new\n")
    await until(lambda: seen[-1] == "new")
    task.cancel()
