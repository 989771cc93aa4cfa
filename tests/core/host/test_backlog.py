"""What waits on the bus is measured, told once when it becomes too much, and shown."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.authority.keys import Keys
from core.authority.login import login
from core.authority.rights import HOST, ROUTER, all_rights
from core.authority.server_rules import rules
from core.config import NatsConfig
from core.host import backlog
from core.host.backlog import Watch, measure, watch
from core.host.ports import free_port
from rosey import clock, streams, subjects
from rosey.bus import Bus, BusError, Delivery
from rosey.events import Backlog, Health, Measured, Metrics, Traffic
from tests.consuming import consume
from tests.core.stage import stored
from tests.servers import NatsServer, binary, until, wait_for_port

ROLL = subjects.command("dice", "roll")
COMMANDS = streams.commands_of("dice")


class Told:
    """What would be shown by `status`."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.times = 0

    def __call__(self, lines: list[str]) -> None:
        self.lines = lines
        self.times += 1

    def about(self, what: str, lines: list[str]) -> None:
        """Nothing is told but of what waits."""
        assert what == "backlog"
        self(lines)


async def put(bus: Bus, count: int, subject: str = ROLL) -> None:
    for number in range(count):
        await bus.store(subject, b"{}", f"{subject}-{number}")


async def of_dice(bus: Bus) -> Backlog:
    found = await measure(bus.js, datetime.now(UTC))
    [dice] = [each for each in found if (each.stream, each.consumer) == (COMMANDS, "dice")]
    return dice


async def health(bus: Bus) -> list[Health]:
    all_of_it = await stored(bus, streams.MONITORING)
    return [Health.read(data) for subject, data in all_of_it if subject == subjects.HEALTH]


async def test_every_durable_consumer_is_measured(bus: Bus) -> None:
    await bus.js.subscribe(subjects.MESSAGE, stream=streams.EVENTS, ordered_consumer=True)
    found = await measure(bus.js, datetime.now(UTC))
    assert [(each.stream, each.consumer) for each in found] == [
        ("COMMANDS_dice", "dice"),
        ("COMMANDS_trivia", "trivia"),
        ("EVENTS", "heard"),
        ("EVENTS", "recorder"),
        ("EVENTS", "router"),
        ("REPLIES_dice", "router"),
        ("REPLIES_trivia", "router"),
        ("SENDS", "recorder"),
        ("SENDS", "send-fake"),
        ("SENDS", "send-lounge"),
    ]
    assert {(each.depth, each.age, each.redelivered) for each in found} == {(0, 0.0, 0)}


async def test_what_waits_and_what_is_in_hand_counts(bus: Bus) -> None:
    await put(bus, 3)
    later = datetime.now(UTC) + timedelta(seconds=100)
    [dice] = [each for each in await measure(bus.js, later) if each.consumer == "dice"][:1]
    assert (dice.depth, dice.redelivered) == (3, 0)
    assert 99 < dice.age < 110

    done, tries = asyncio.Event(), list[int]()

    async def hold(delivery: Delivery) -> None:
        tries.append(delivery.tries)
        if delivery.seq == 1:
            return
        if delivery.tries == 1:
            raise RuntimeError("not yet")
        await done.wait()

    await consume(bus, COMMANDS, "dice", [subjects.command("dice", "*")], hold)
    await until(lambda: tries.count(2) == 2)
    dice = await of_dice(bus)
    assert (dice.depth, dice.redelivered) == (2, 2)
    assert 0 < dice.age < 20
    done.set()
    for _ in range(500):
        if not (dice := await of_dice(bus)).depth:
            break
        await asyncio.sleep(0.01)
    assert (dice.depth, dice.age) == (0, 0.0)


async def test_the_oldest_is_that_of_any_filter(bus: Bus) -> None:
    await bus.store(subjects.USER_JOIN, b"{}", "not for the router")
    await bus.store(subjects.SENT, b"{}", "s-1")
    first = (await bus.js.get_msg(streams.EVENTS, 2)).time
    await put(bus, 2, subjects.MESSAGE)
    assert first
    found = await measure(bus.js, first + timedelta(seconds=7))
    of_the_router = (streams.EVENTS, "router")
    [events] = [each for each in found if (each.stream, each.consumer) == of_the_router]
    assert (events.depth, events.age) == (3, 7.0)


async def test_long_lists_come_in_parts(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    async def page(offset: int) -> list[int]:
        asked.append(offset)
        return list(range(7))[offset : offset + 3]

    monkeypatch.setattr(backlog, "PAGE", 3)
    assert await backlog._pages(page) == list(range(7))
    assert asked == [0, 3, 6]


async def test_what_processes_tell_of_their_traffic_is_stored_until_they_are_gone(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    watching = Watch(bus, 2, Told(), [])
    running = asyncio.create_task(watching.run())
    counted = Traffic(way="sent", family="dice.*", count=3, failed=1, p50=0.001, p99=0.01)
    told = counted.model_copy(update={"process": "who-else"})

    async def newest() -> list[Traffic]:
        await watching.look()
        found = await bus.last(streams.MONITORING, subjects.METRICS)
        return Metrics.read(found).traffic if found else []

    async def until_told() -> list[Traffic]:
        while not (found := await newest()):
            await bus.publish(subjects.measured("plugin-dice"), b"no JSON")
            await bus.publish(subjects.measured("plugin-dice"), Measured(traffic=[told]).wire())
        return found

    named = counted.model_copy(update={"process": "plugin-dice"})
    assert await asyncio.wait_for(until_told(), 10) == [named]
    later = clock.now() + timedelta(seconds=backlog.SILENT)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert await newest() == []
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_crossing_is_told_once_and_once_back(bus: Bus) -> None:
    told = Told()
    watching = Watch(bus, 2, told, [])
    await put(bus, 2)
    await watching.look()
    assert (told.lines, await health(bus)) == ([], [])

    await bus.store(ROLL, b"{}", "one more")
    for _ in range(2):
        await watching.look()
    [line] = told.lines
    assert line.startswith("3 messages of COMMANDS_dice wait for dice, the oldest for ")
    assert "; more than 2 are too many." in line
    [wrong] = await health(bus)
    assert (wrong.ok, wrong.about) == (False, "COMMANDS_dice/dice")
    assert wrong.what.startswith("3 messages of COMMANDS_dice wait for dice")

    await bus.js.purge_stream(COMMANDS)
    await watching.look()
    assert told.lines == []
    [_, right] = await health(bus)
    assert (right.ok, right.about) == (True, "COMMANDS_dice/dice")
    assert right.what == "dice has caught up with COMMANDS_dice: 0 messages wait."

    metrics = [
        Metrics.read(data)
        for subject, data in await stored(bus, streams.MONITORING)
        if subject == subjects.METRICS
    ]
    depths = [each.depth for one in metrics for each in one.backlogs if each.consumer == "dice"]
    assert depths == [2, 3, 3, 0]


async def test_a_consumer_that_is_gone_waits_for_nothing(bus: Bus) -> None:
    watching = Watch(bus, 1, Told(), [])
    await put(bus, 2)
    await watching.look()
    await bus.js.delete_consumer(COMMANDS, "dice")
    await watching.look()
    assert [each.ok for each in await health(bus)] == [False, True]


async def test_what_could_not_be_told_is_told_later(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    watching = Watch(bus, 1, Told(), [])
    await put(bus, 2)
    config = (await bus.js.stream_info(streams.MONITORING)).config
    await bus.js.delete_stream(streams.MONITORING)
    with pytest.raises(backlog.AWAY):
        await watching.look()
    await bus.js.add_stream(config)
    await watching.look()
    assert [each.ok for each in await health(bus)] == [False]


async def test_it_waits_for_nats_and_goes_on_after_a_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog, "LOOK_EVERY", 0.05)
    monkeypatch.setattr(backlog, "CONNECT_AGAIN", 0.05)
    server = NatsServer(tmp_path / "nats")
    told = Told()
    connect, tries = Bus.connect, list[str]()

    async def connecting(url: str, *arguments: Any) -> Bus:
        tries.append(url)
        return await connect(url, *arguments)

    monkeypatch.setattr(Bus, "connect", connecting)
    watching = asyncio.create_task(
        watch(tmp_path / "data", NatsConfig(backlog=1), server.url, told.about, [])
    )
    await until(lambda: len(tries) == 2)
    assert told.times == 0
    server.start()
    try:
        await until(lambda: told.times)
        bus = await Bus.connect(server.url, "test")
        await bus.declare(["dice"])
        await put(bus, 2)
        await until(lambda: told.lines)
        server.kill()
        server.start()
        seen = told.times
        await until(lambda: told.times > seen)
        await until(lambda: told.lines)
        await bus.drain()
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        server.kill()


@pytest.fixture
async def strict(tmp_path: Path) -> AsyncIterator[str]:
    """A server with the rules that Rosey's own has; the router has made the streams."""
    port, data, file = free_port(), tmp_path / "data", tmp_path / "nats.conf"
    said = {
        "listen": f"127.0.0.1:{port}",
        "jetstream": {"store_dir": str(tmp_path / "nats")},
        **rules(Keys(data), all_rights({}, {})),
    }
    file.write_text(json.dumps(said))
    process = subprocess.Popen([binary("nats-server"), "-c", str(file)], stderr=subprocess.DEVNULL)
    try:
        wait_for_port(port, process)
        url = f"nats://127.0.0.1:{port}"
        router = await Bus.connect(url, "router", login(data, NatsConfig(), ROUTER))
        await router.declare(["dice"], ["lounge"])
        await put(router, 2)
        yield url
        await router.drain()
    finally:
        process.terminate()
        process.wait()


async def test_the_hosts_rights_are_enough(strict: str, tmp_path: Path) -> None:
    bus = await Bus.connect(strict, "host", login(tmp_path / "data", NatsConfig(), HOST))
    told = Told()
    await Watch(bus, 1, told, []).look()
    assert told.lines
    assert bus.refusals == 0
    await bus.drain()


async def test_without_the_right_to_look_it_says_so_and_stops(
    strict: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog, "LOOK_EVERY", 0.05)
    bus = await Bus.connect(strict, "host", login(tmp_path / "data", NatsConfig(), HOST))
    monkeypatch.setattr(bus.js, "_prefix", "$JS.API.NOT.OURS")
    monkeypatch.setattr(bus.js, "_timeout", 0.2)
    told = Told()
    running = asyncio.create_task(Watch(bus, 1, told, []).run())
    await until(lambda: told.lines)
    assert told.lines == ["NATS does not let the host see how much waits there."]
    refusals = bus.refusals
    await bus.drain()
    with pytest.raises(BusError):
        await running
    assert bus.refusals == refusals


async def test_a_login_that_cannot_be_had_is_a_warning(tmp_path: Path) -> None:
    told = Told()
    settings = NatsConfig(credentials=tmp_path / "none.creds")
    await watch(tmp_path, settings, "nats://127.0.0.1:1", told.about, [])
    [line] = told.lines
    assert line.startswith("Nobody watches what waits on NATS. [nats] credentials: there is no")
