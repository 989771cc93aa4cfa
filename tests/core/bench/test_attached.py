"""Plugins that only hear, here without a process of their own."""

import asyncio

import pytest
from nats.js.api import StreamConfig

from core.bench import attached
from core.bench.attached import ATTACH, BARE, DETACH, STORED, STREAM, Attach, Attached, Heard
from core.bench.room import Room, channel
from rosey.bus import Bus

PLUGINS = 2


@pytest.fixture
async def ready(bus: Bus) -> Attached:
    here = Attached(bus)
    await here.start()
    await bus.js.add_stream(StreamConfig(name=STREAM, subjects=[STORED]))
    for plugin in range(PLUGINS):
        await bus.make(attached.consumer(plugin))
    return here


async def attach(bus: Bus, count: int, bare: bool = False) -> None:
    asked = Attach(plugins=PLUGINS, count=count, bare=bare)
    assert await bus.request(ATTACH, asked.model_dump_json().encode()) == b""


async def heard(bus: Bus) -> list[list[int]]:
    """The numbers that each heard; none took no time."""
    found = Heard.model_validate_json(await bus.request(DETACH, b"", 10))
    assert all(0 <= micros < 10e6 for lines in found.plugins for _, micros in lines)
    assert found.seconds > 0
    return [[number for number, _ in lines] for lines in found.plugins]


async def left(bus: Bus) -> int:
    """How many lines are not acknowledged by everybody."""
    specs = [attached.consumer(plugin) for plugin in range(PLUGINS)]
    known = [await bus.js.consumer_info(spec.stream, spec.durable) for spec in specs]
    return sum((one.num_pending or 0) + (one.num_ack_pending or 0) for one in known)


async def say(bus: Bus, number: int) -> None:
    message = Room(bus).message(channel("bus"), "bob", attached.line(number))
    await bus.store(STORED, message.wire(), message.id)


@pytest.mark.usefixtures("ready")
async def test_each_hears_all_that_is_said(bus: Bus) -> None:
    await attach(bus, 3)
    for number in range(3):
        await say(bus, number)
    assert await heard(bus) == [[0, 1, 2]] * PLUGINS
    async with asyncio.timeout(10):
        while await left(bus):
            await asyncio.sleep(0.01)


@pytest.mark.usefixtures("ready")
async def test_for_the_floor_they_hear_what_nobody_keeps(bus: Bus) -> None:
    await attach(bus, 2, bare=True)
    await bus.store(STORED, b"not theirs", "m-1")
    for number in range(2):
        await bus.publish(BARE, attached.bare_line(number))
    assert await heard(bus) == [[0, 1]] * PLUGINS


async def test_what_is_lost_is_missing_from_the_answer(
    bus: Bus, ready: Attached, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attached, "PATIENCE", 0.2)
    await attach(bus, 9, bare=True)
    await attach(bus, 3, bare=True)
    for number in (0, 2):
        await bus.publish(BARE, attached.bare_line(number))
    assert await heard(bus) == [[0, 2]] * PLUGINS
    await ready.stop()
