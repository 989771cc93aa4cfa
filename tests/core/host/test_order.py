"""NATS keeps to the manifests while it runs: living connections gain and lose at once."""

import asyncio
import errno
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from core.authority.login import login
from core.authority.rights import OPERATOR, Rights
from core.authority.server_rules import rules
from core.config import Config, NatsConfig
from core.errors import UserError
from core.host import nats, order
from core.host.bulletin import Bulletin
from core.host.probes import NotReady
from core.host.supervisor import Supervisor
from core.runtime import Addresses, Runtime
from rosey.bus import Bus, BusError, Incoming
from tests.core.authority.stage import Guarded, everybody, guarded
from tests.servers import until


class Followed:
    """A server whose rules follow `self.everybody`."""

    def __init__(self, server: Guarded) -> None:
        self.server = server
        self.everybody: list[Rights] = everybody()
        self.problem: Exception | None = None
        self.said: list[str] = []
        self.heard: list[str] = []

    async def listen(self) -> Bus:
        """As the operator, to what dice tells."""
        us = login(self.server.data, NatsConfig(), OPERATOR)
        bus = await Bus.connect(self.server.url, "operator", us)

        async def hear(incoming: Incoming) -> None:
            self.heard.append(incoming.subject)

        await bus.subscribe("dice.*", hear)
        await bus.client.flush()
        return bus

    def rules(self) -> dict[str, Any]:
        if self.problem:
            raise self.problem
        return rules(self.server.keys, self.everybody)

    async def follow(self) -> None:
        await nats.follow(
            self.server.server, self.rules, lambda: self.server.process.pid, self.said.append
        )

    async def dice(self) -> Bus:
        us = login(self.server.data, NatsConfig(), "plugin-dice")
        return await Bus.connect(self.server.url, "plugin dice", us)

    def change(self, name: str, *publish: str) -> None:
        self.everybody = [
            Rights(each.name, publish, each.subscribe) if each.name == name else each
            for each in self.everybody
        ]


@pytest.fixture
async def followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Followed]:
    monkeypatch.setattr(nats, "LOOK_EVERY", 0.05)
    with guarded(tmp_path) as server:
        followed = Followed(server)
        operator = await followed.listen()
        task = asyncio.create_task(followed.follow())
        yield followed
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await operator.drain()


async def allowed(followed: Followed, bus: Bus, subject: str) -> bool:
    """Whether it is heard; else the server has refused it."""
    refused, heard = bus.refusals, followed.heard.count(subject)
    await bus.publish(subject, b"")
    await until(lambda: bus.refusals > refused or followed.heard.count(subject) > heard)
    return followed.heard.count(subject) > heard


async def until_allowed(followed: Followed, bus: Bus, subject: str, wanted: bool) -> None:
    async with asyncio.timeout(10):
        while await allowed(followed, bus, subject) is not wanted:
            await asyncio.sleep(0.02)


async def test_a_living_connection_gains_and_loses(followed: Followed) -> None:
    dice = await followed.dice()
    assert not await allowed(followed, dice, "dice.new_event")
    assert await allowed(followed, dice, "dice.roll_performed")
    followed.change("plugin-dice", "dice.new_event")
    await until_allowed(followed, dice, "dice.new_event", True)
    await until_allowed(followed, dice, "dice.roll_performed", False)
    assert dice.client.stats["reconnects"] == 0
    assert followed.said == ["NATS has new rules"]
    await dice.drain()


async def test_a_plugin_that_is_new_gets_in_and_one_that_is_gone_is_thrown_out(
    followed: Followed,
) -> None:
    dice = await followed.dice()
    others = [each for each in followed.everybody if each.name != "plugin-dice"]
    followed.everybody = others
    with pytest.raises(BusError, match="NATS does not want us any more"):
        await asyncio.wait_for(dice.ended(), 10)
    await dice.drain()
    with pytest.raises(BusError, match="does not let plugin dice in"):
        await followed.dice()
    followed.everybody = everybody()
    await until(lambda: followed.said.count("NATS has new rules") == 2)
    async with asyncio.timeout(10):
        while True:
            with suppress(BusError):
                dice = await followed.dice()
                break
    await dice.drain()


async def test_rules_that_cannot_be_made_leave_the_old_ones(followed: Followed) -> None:
    dice = await followed.dice()
    followed.problem = UserError("plugin.toml: name: is missing")
    await until(lambda: bool(followed.said))
    assert followed.said == ["NATS keeps its old rules: plugin.toml: name: is missing"]
    assert await allowed(followed, dice, "dice.roll_performed")
    followed.problem = None
    followed.change("plugin-dice", "dice.new_event")
    await until_allowed(followed, dice, "dice.new_event", True)
    await dice.drain()


async def test_what_the_server_does_not_accept_is_never_given_to_it(followed: Followed) -> None:
    before = followed.server.server.file.read_text()
    followed.change("plugin-dice", "no..subject")
    await until(lambda: bool(followed.said))
    assert "nats-server does not accept" in followed.said[0]
    assert followed.server.server.file.read_text() == before


async def test_a_server_that_is_not_well_is_started_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nats, "HEALTH_EVERY", 0.01)
    monkeypatch.setattr(nats, "LONGEST_PAUSE", 0.02)
    well = False
    restarts: list[bool] = []
    said: list[str] = []

    async def look(port: int, path: str) -> None:
        if not well:
            raise NotReady("JetStream cannot write")

    async def restart() -> None:
        restarts.append(well)

    monkeypatch.setattr(nats, "http_ok", look)
    server = nats.Server(tmp_path, 1, 2, "1s")
    task = asyncio.create_task(nats.mend(server, restart, said.append))
    await until(lambda: len(restarts) == 2)
    assert said[:2] == ["NATS is not well and is started anew: JetStream cannot write"] * 2
    well = True
    count = len(restarts)
    for _ in range(5):
        await asyncio.sleep(0.01)
    assert len(restarts) - count <= 1
    task.cancel()


async def test_while_the_disk_is_full_it_is_left_alone_and_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nats, "HEALTH_EVERY", 0.01)
    well, room = False, False
    restarts: list[bool] = []
    told: list[str] = []

    async def look(port: int, path: str) -> None:
        if not well:
            raise NotReady("JetStream cannot write")

    def check(folder: Path) -> None:
        if not room:
            raise OSError(errno.ENOSPC, "No space left on device")

    async def restart() -> None:
        nonlocal well
        restarts.append(room)
        well = True

    monkeypatch.setattr(nats, "http_ok", look)
    monkeypatch.setattr(nats, "check_room", check)
    server = nats.Server(tmp_path, 1, 2, "1s")
    task = asyncio.create_task(nats.mend(server, restart, told.append))
    await until(lambda: len(told) > 2 * nats.SICK)
    well = True  # as one that has just been started: it has not tried to write
    count = len(told)
    await until(lambda: len(told) > count + 2)
    full = (
        f"NATS can store nothing: its disk is full ({tmp_path}: No space left on device). Nobody "
        "is answered until that is mended; then it goes on by itself."
    )
    assert set(told) == {full}
    well, room = False, True
    await until(lambda: told[-1] == "")
    assert restarts == [True]
    assert list(dict.fromkeys(told)) == [
        full,
        "NATS has room again and is started anew.",
        "",
    ]
    task.cancel()


async def test_a_folder_that_takes_nothing_is_not_called_full(tmp_path: Path) -> None:
    assert await nats._lack(tmp_path) == ""
    assert list(tmp_path.iterdir()) == []
    lack = await nats._lack(tmp_path / "gone")
    assert "its disk takes nothing" in lack
    assert "No such file or directory" in lack


async def test_a_restart_that_does_not_help_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order, "RESTART_SECONDS", 0.05)
    asked: list[list[str]] = []

    class Stuck(Supervisor):
        async def restart(self, names: Sequence[str]) -> None:
            asked.append(list(names))
            await asyncio.Event().wait()

    runtime = Runtime(Addresses(nats="", temporal=""))
    said: list[str] = []
    keeping = order.Order(
        *(tmp_path, Config(), None, Stuck([], tmp_path, 0, lambda _: None)),
        *(runtime, Bulletin(tmp_path, runtime, said.append), said.append),
    )
    async with asyncio.timeout(5):
        await keeping._restart()
    assert asked == [["nats"]]
