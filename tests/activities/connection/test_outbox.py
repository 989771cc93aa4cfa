"""Everything a platform shows goes into the stream, in order and once, over outages too."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from nats.js.api import Header

from activities.connection import outbox as module
from activities.connection.outbox import Outbox
from rosey import streams, subjects
from rosey.bus import Bus
from tests.servers import NatsServer, until

MANY = 5_000
FRAMES = subjects.raw("lounge", "chat")


@pytest.fixture
async def outbox(bus: Bus) -> AsyncIterator[Outbox]:
    outbox = Outbox(bus)
    outbox.start()
    yield outbox
    await outbox.stop(0)


def event(outbox: Outbox, number: int) -> None:
    outbox.put(subjects.MESSAGE, str(number).encode(), f"m-{number}")


async def kept(bus: Bus, count: int) -> tuple[list[int], list[str]]:
    """The numbers and ids of the stream, read in its order as any consumer would."""
    numbers: list[int] = []
    ids: list[str] = []
    reader = await bus.js.subscribe(subjects.MESSAGE, ordered_consumer=True)
    while len(numbers) < count:
        message = await reader.next_msg(timeout=10)
        numbers.append(int(message.data))
        ids.append((message.headers or {})[Header.MSG_ID.value])
    info = await bus.js.stream_info(streams.EVENTS)
    assert info.state.messages == count
    await reader.unsubscribe()
    return numbers, ids


async def test_a_burst_arrives_whole_and_in_order(bus: Bus, outbox: Outbox) -> None:
    for number in range(MANY):
        event(outbox, number)
    await until(lambda: outbox.is_empty, 20)
    numbers, ids = await kept(bus, MANY)
    assert numbers == list(range(MANY))
    assert len(set(ids)) == MANY


@pytest.mark.parametrize("kill_at", [1, 700, 2_500])
async def test_a_killed_server_costs_nothing_and_changes_no_order(
    nats: NatsServer, bus: Bus, outbox: Outbox, kill_at: int
) -> None:
    """Events go on coming while it is away and while it comes back."""
    stored = 0

    def count() -> None:
        nonlocal stored
        stored += 1
        if stored == kill_at:
            nats.kill()

    for number in range(MANY):
        outbox.put(subjects.MESSAGE, str(number).encode(), f"m-{number}", count)
        if number % 100 == 0:
            await asyncio.sleep(0)
    await until(lambda: nats.process is None)
    starting = asyncio.create_task(asyncio.to_thread(nats.start))
    more = 0
    while not (starting.done() and outbox.is_empty):
        event(outbox, MANY + more)
        more += 1
        await asyncio.sleep(0.001)
    numbers, ids = await kept(bus, MANY + more)
    assert numbers == list(range(MANY + more))
    assert len(set(ids)) == len(ids)


async def test_stored_is_called_once_the_stream_has_it(bus: Bus, outbox: Outbox) -> None:
    calls: list[str] = []
    outbox.put(subjects.MESSAGE, b"1", "m-1", lambda: calls.append("first"))
    outbox.put(subjects.MESSAGE, b"1", "m-1", lambda: calls.append("again"))
    outbox.put(FRAMES, b"frame", stored=lambda: calls.append("frame"))
    assert not calls
    await until(lambda: outbox.is_empty)
    assert calls == ["first", "again"]
    assert await kept(bus, 1) == ([1], ["m-1"])


async def test_frames_are_published_between_the_events(bus: Bus, outbox: Outbox) -> None:
    heard = await bus.client.subscribe(FRAMES)
    await bus.client.flush()
    outbox.put(FRAMES, b"one")
    event(outbox, 1)
    outbox.put(FRAMES, b"two")
    assert [(await heard.next_msg(5)).data for _ in range(2)] == [b"one", b"two"]


async def test_beyond_the_bound_frames_go_first(
    nats: NatsServer, bus: Bus, caplog: pytest.LogCaptureFixture
) -> None:
    outbox = Outbox(bus, most_waiting=100)
    nats.kill()
    await until(lambda: not bus.is_connected)
    outbox.start()
    for number in range(60):
        event(outbox, number)
        outbox.put(FRAMES, b"frame")
    assert (outbox.frames_dropped, outbox.events_lost) == (20, 0)
    assert "raw frames are dropped" in caplog.text
    for number in range(60, 110):
        event(outbox, number)
    assert (outbox.frames_dropped, outbox.events_lost) == (60, 10)
    assert "events are lost" in caplog.text
    nats.start()
    await until(lambda: outbox.is_empty, 15)
    assert (await kept(bus, 100))[0] == list(range(10, 110))
    await outbox.stop()


async def test_what_is_too_large_is_counted_and_stops_nothing(bus: Bus, outbox: Outbox) -> None:
    most = bus.client.max_payload
    outbox.put(subjects.MESSAGE, b"0" * most, "m-large")
    outbox.put(FRAMES, b"0" * most)
    event(outbox, 1)
    await until(lambda: outbox.is_empty)
    assert (outbox.frames_dropped, outbox.events_lost) == (1, 1)
    assert await kept(bus, 1) == ([1], ["m-1"])


async def test_what_the_stream_finds_too_large_is_counted_too(bus: Bus, outbox: Outbox) -> None:
    config = (await bus.js.stream_info(streams.EVENTS)).config
    await bus.js.update_stream(config.evolve(max_msg_size=200))
    outbox.put(subjects.MESSAGE, b"0" * 300, "m-0")
    event(outbox, 1)
    await until(lambda: outbox.is_empty)
    assert outbox.events_lost == 1
    assert await kept(bus, 1) == ([1], ["m-1"])


async def test_a_stream_that_is_missing_is_waited_for(bus: Bus, outbox: Outbox) -> None:
    await bus.js.delete_stream(streams.EVENTS)
    for number in range(10):
        event(outbox, number)
    await until(lambda: "no stream" in outbox.trouble)
    await bus.declare()
    await until(lambda: outbox.is_empty)
    assert (await kept(bus, 10))[0] == list(range(10))


async def test_silence_is_trouble(
    nats: NatsServer, bus: Bus, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was not acknowledged goes again, and is kept once."""
    monkeypatch.setattr(module, "ACK_PATIENCE", 0.2)
    event(outbox, 1)
    await until(lambda: outbox.is_empty)
    assert nats.process
    nats.process.send_signal(signal.SIGSTOP)
    event(outbox, 2)
    event(outbox, 3)
    await until(lambda: "acknowledge" in outbox.trouble)
    nats.process.send_signal(signal.SIGCONT)
    await until(lambda: outbox.is_empty)
    assert not outbox.trouble
    assert await kept(bus, 3) == ([1, 2, 3], ["m-1", "m-2", "m-3"])


async def test_stopping_lets_out_what_waits(bus: Bus) -> None:
    outbox = Outbox(bus)
    outbox.start()
    for number in range(500):
        event(outbox, number)
    await outbox.stop(5)
    assert (await kept(bus, 500))[0] == list(range(500))


async def test_stopping_without_nats_ends_in_time_and_says_what_is_lost(
    nats: NatsServer, bus: Bus, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    outbox = Outbox(bus)
    outbox.start()
    nats.kill()
    await until(lambda: not bus.is_connected)
    event(outbox, 1)
    outbox.put(FRAMES, b"frame")
    with caplog.at_level(logging.ERROR):
        await asyncio.wait_for(outbox.stop(0.1), 2)
    assert "not stored because NATS is away: 1" in caplog.text


async def test_stopping_before_starting_is_harmless(bus: Bus) -> None:
    await Outbox(bus).stop()
