"""A plugin's timers: said once for each interval and room, whoever says it."""

import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from core.plugin_host import timers as timing
from core.plugin_host.host import PluginHost
from core.plugin_host.timers import Timers
from core.plugins import PLUGINS
from rosey import Context, Plugin, ids, streams
from rosey.bus import BusError
from rosey.events import Command, PluginEvent, Reply
from rosey.manifest import load_plugin
from rosey.testing import MemoryBus
from rosey.timers import Timer
from tests.core.stage import ROOM, Stage
from tests.servers import until

ROOMS = ["lounge/attic", "lounge/lobby"]


@pytest.fixture
async def memory() -> AsyncIterator[MemoryBus]:
    bus = MemoryBus()
    await bus.declare(["dice"])
    yield bus
    await bus.drain()


def ticking(seconds: float = 1) -> Plugin:
    plugin = Plugin("dice")

    @plugin.every(seconds=seconds)
    async def remind(ctx: Context) -> str:
        ctx.event("roll_performed", at=ctx.command.sent_at.isoformat())
        return f"tick {ctx.channel} {ctx.command.sent_at.timestamp():.0f}"

    return plugin


def host(bus: MemoryBus, plugin: Plugin) -> PluginHost:
    return PluginHost(bus, load_plugin(PLUGINS / "dice"), plugin, rooms=lambda: ROOMS)


def replies(bus: MemoryBus) -> list[Reply]:
    return [Reply.read(kept.data) for kept in bus.stored(streams.replies_of("dice"))]


def events(bus: MemoryBus) -> list[PluginEvent]:
    return [PluginEvent.read(kept.data) for kept in bus.stored(streams.events_of("dice"))]


async def test_two_processes_say_each_tick_once_in_each_room(memory: MemoryBus) -> None:
    other = await memory.another("other")
    assert isinstance(other, MemoryBus)
    both = [host(memory, ticking()), host(other, ticking())]
    for each in both:
        await each.start()
    await until(lambda: len(replies(memory)) >= 4, what="two ticks")
    for each in both:
        await each.stop()
    await other.drain()
    told = replies(memory)
    assert len({reply.id for reply in told}) == len(told)
    for reply in told:
        (action,) = reply.actions
        number = int(action.text.split()[-1])
        assert reply.id == ids.tick_id("dice", "every_remind", reply.channel, number)
        assert (reply.command_id, reply.error, reply.to) == (None, None, "")
        assert (action.id, action.kind, action.channel) == (f"{reply.id}-0", "say", reply.channel)
        assert reply.id.startswith("a-")
    assert {reply.channel for reply in told} == set(ROOMS)
    assert {event.id for event in events(memory)} == {ids.event_id(each.id, 0) for each in told}
    assert {event.event for event in events(memory)} == {"roll_performed"}


async def test_a_handler_that_fails_or_says_nothing_is_not_heard(
    memory: MemoryBus, caplog: pytest.LogCaptureFixture
) -> None:
    plugin = Plugin("dice")
    quiet: list[str] = []

    @plugin.every(seconds=1)
    async def breaks(ctx: Context) -> str:
        raise ZeroDivisionError("secret")

    @plugin.every(seconds=1)
    async def silent(ctx: Context) -> None:
        quiet.append(ctx.channel)

    dice = host(memory, plugin)
    await dice.start()
    await until(lambda: len(quiet) >= 4, what="two ticks")
    await dice.stop()
    assert replies(memory) == []
    assert events(memory) == []
    assert "dice failed at 'every_breaks'" in caplog.text


class Clock:
    """Seconds since 1970, as a test sets them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
        self.seconds = seconds
        self.looks = 0
        monkeypatch.setattr("rosey.clock.now", self._now)

    def _now(self) -> datetime:
        self.looks += 1
        return datetime.fromtimestamp(self.seconds, UTC)

    async def seen(self) -> None:
        """Until it has been looked at often enough for everybody to be asleep again."""
        seen = self.looks
        await until(lambda: self.looks >= seen + 4, what="the timers look at the clock")

    async def set(self, seconds: float) -> None:
        await self.seen()
        self.seconds = seconds


async def test_a_restart_in_the_middle_waits_for_the_next_interval(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(timing, "LONGEST_SLEEP", 0.001)
    clock = Clock(monkeypatch, 3630)
    given: list[Command] = []

    async def tick(command: Command) -> None:
        given.append(command)

    timers = Timers("dice", [Timer("every_hour", 3600)], lambda: ROOMS, tick)
    timers.start()
    for seconds in (3700, 7199.9, 7200.5):
        await clock.seen()
        assert given == []
        clock.seconds = seconds
    await until(lambda: len(given) == 2)
    assert {command.sent_at.timestamp() for command in given} == {7200}
    await clock.set(18_100)  # asleep for some hours: what was missed is not made up for
    await until(lambda: len(given) == 4)
    await clock.set(21_600)
    await until(lambda: len(given) == 6)
    assert given[-1].sent_at == datetime.fromtimestamp(0, UTC) + timedelta(hours=6)
    await timers.stop()


async def test_a_bus_that_is_away_costs_a_tick_and_no_more(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "core.plugin_host")
    monkeypatch.setattr(timing, "LONGEST_SLEEP", 0.001)
    clock = Clock(monkeypatch, 59)
    given: list[str] = []

    async def tick(command: Command) -> None:
        given.append(command.id)
        if len(given) == 1:
            raise BusError("away")

    timers = Timers("dice", [Timer("every_minute", 60)], lambda: [ROOM], tick)
    timers.start()
    for number in (1, 2):
        await clock.set(60 * number)
        await until(lambda: len(given) == number)  # noqa: B023
    await timers.stop()
    assert "dice every_minute in lounge/lobby is lost: away" in caplog.text


async def test_from_the_timer_to_the_room(stage: Stage) -> None:
    await stage.router()
    await stage.plugin("dice", ticking(), rooms=lambda: [ROOM])
    action = await stage.until_line("tick lounge/lobby")
    assert (action.kind, action.channel) == ("say", ROOM)
    await until(lambda: len(stage.actions) >= 2, what="the next tick")
    assert len(set(stage.lines)) == len(stage.lines)
