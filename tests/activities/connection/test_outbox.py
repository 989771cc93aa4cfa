"""Everything a platform shows goes into the stream, in order and once, over outages too."""

import asyncio
import logging
import signal

import psutil
import pytest

from activities.connection import outbox as module
from activities.connection.outbox import Outbox
from activities.connection.spool import Spool
from rosey import streams, subjects
from rosey.bus import Bus
from tests.activities.connection.numbered import FRAMES, Text, empty, event, kept
from tests.servers import NatsServer, until

MANY = 5_000


async def test_a_burst_arrives_whole_and_in_order(bus: Bus, outbox: Outbox, spool: Spool) -> None:
    for number in range(MANY):
        event(outbox, number)
    await empty(outbox)
    numbers, ids = await kept(bus, MANY)
    assert numbers == list(range(MANY))
    assert len(set(ids)) == MANY
    assert not spool.folder.exists()  # a burst is no outage


@pytest.mark.parametrize("kill_at", [1, 700, 2_500])
async def test_a_killed_server_costs_nothing_and_changes_no_order(
    nats: NatsServer, bus: Bus, outbox: Outbox, spool: Spool, kill_at: int
) -> None:
    """Events go on coming while it is away and while it comes back."""
    stored = 0

    def count() -> None:
        nonlocal stored
        stored += 1
        if stored == kill_at:
            nats.kill()

    for number in range(MANY):
        event(outbox, number, count)
        if number % 100 == 0:
            await asyncio.sleep(0)
    await until(lambda: nats.process is None)
    await until(lambda: len(spool) == outbox.unstored > 0, what="what waits is on disk")
    starting = asyncio.create_task(asyncio.to_thread(nats.start))
    more = 0
    while not (starting.done() and not outbox.unstored):
        event(outbox, MANY + more)
        more += 1
        await asyncio.sleep(0.001)
    numbers, ids = await kept(bus, MANY + more)
    assert numbers == list(range(MANY + more))
    assert len(set(ids)) == len(ids)
    assert not any(spool.folder.iterdir())


async def test_stored_is_called_once_the_stream_has_it(bus: Bus, outbox: Outbox) -> None:
    calls: list[str] = []
    event(outbox, 1, lambda: calls.append("first"))
    event(outbox, 1, lambda: calls.append("again"))
    assert not calls
    await empty(outbox)
    assert calls == ["first", "again"]
    assert await kept(bus, 1) == ([1], ["m-1"])


async def test_frames_are_published_between_the_events(bus: Bus, outbox: Outbox) -> None:
    heard = await bus.client.subscribe(FRAMES)
    await bus.client.flush()
    outbox.frame(FRAMES, b"one")
    event(outbox, 1)
    outbox.frame(FRAMES, b"two")
    assert [(await heard.next_msg(5)).data for _ in range(2)] == [b"one", b"two"]


async def test_beyond_the_bound_frames_go_first(
    nats: NatsServer, bus: Bus, spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    outbox = Outbox(bus, spool, bound=100)
    nats.kill()
    await until(lambda: not bus.is_connected)
    outbox.start()
    for number in range(60):
        event(outbox, number)
        outbox.frame(FRAMES, b"frame")
    assert (outbox.frames_dropped, outbox.events_lost) == (20, 0)
    assert "raw frames are dropped" in caplog.text
    for number in range(60, 110):
        event(outbox, number)
    assert (outbox.frames_dropped, outbox.events_lost) == (60, 10)
    assert "oldest events are lost" in caplog.text
    nats.start()
    await empty(outbox)
    assert (await kept(bus, 100))[0] == list(range(10, 110))
    await outbox.close()


async def test_what_is_too_large_is_counted_and_stops_nothing(bus: Bus, outbox: Outbox) -> None:
    large = bus.client.max_payload + 1
    outbox.event(subjects.MESSAGE, Text(text="0" * large), "m-large")
    outbox.frame(FRAMES, b"0" * large)
    event(outbox, 1)
    await empty(outbox)
    assert (outbox.frames_dropped, outbox.events_lost) == (1, 1)
    assert await kept(bus, 1) == ([1], ["m-1"])


async def test_what_is_too_large_only_with_its_headers_is_counted_too(
    bus: Bus, outbox: Outbox
) -> None:
    event(outbox, 1)
    outbox.event(subjects.MESSAGE, Text(text="0" * (bus.client.max_payload - 20)), "m-large")
    event(outbox, 2)
    await empty(outbox)
    assert outbox.events_lost == 1
    assert await kept(bus, 2) == ([1, 2], ["m-1", "m-2"])


async def test_what_the_stream_finds_too_large_is_counted_too(bus: Bus, outbox: Outbox) -> None:
    config = (await bus.js.stream_info(streams.EVENTS)).config
    await bus.js.update_stream(config.evolve(max_msg_size=200))
    outbox.event(subjects.MESSAGE, Text(text="0" * 300), "m-0")
    event(outbox, 1)
    await empty(outbox)
    assert outbox.events_lost == 1
    assert await kept(bus, 1) == ([1], ["m-1"])


async def test_a_stream_that_is_missing_is_waited_for(
    bus: Bus, outbox: Outbox, caplog: pytest.LogCaptureFixture
) -> None:
    await bus.js.delete_stream(streams.EVENTS)
    with caplog.at_level(logging.INFO):
        for number in range(10):
            event(outbox, number)
        await until(lambda: "no stream answers" in caplog.text)
    await bus.declare()
    await empty(outbox)
    assert (await kept(bus, 10))[0] == list(range(10))


async def test_silence_is_trouble(
    nats: NatsServer,
    bus: Bus,
    outbox: Outbox,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What was not acknowledged goes again, and is kept once."""
    monkeypatch.setattr(module, "PATIENCE", 0.2)
    event(outbox, 1)
    await empty(outbox)
    assert nats.process
    pid = nats.process.pid
    with caplog.at_level(logging.INFO):
        nats.process.send_signal(signal.SIGSTOP)
        await until(lambda: psutil.Process(pid).status() == psutil.STATUS_STOPPED)
        event(outbox, 2)
        event(outbox, 3)
        await until(lambda: "does not acknowledge" in caplog.text)
    nats.process.send_signal(signal.SIGCONT)
    await empty(outbox)
    assert await kept(bus, 3) == ([1, 2, 3], ["m-1", "m-2", "m-3"])


async def test_closing_lets_out_what_waits(bus: Bus, spool: Spool) -> None:
    outbox = Outbox(bus, spool)
    outbox.start()
    for number in range(500):
        event(outbox, number)
    await outbox.close(5)
    assert (await kept(bus, 500))[0] == list(range(500))


async def test_closing_without_nats_ends_in_time_and_says_what_is_lost(
    nats: NatsServer, bus: Bus, outbox: Outbox, caplog: pytest.LogCaptureFixture
) -> None:
    event(outbox, 1)
    await empty(outbox)
    nats.kill()
    await until(lambda: not bus.is_connected)
    event(outbox, 2)
    await asyncio.wait_for(outbox.close(0.1), 2)
    assert "1 events were not stored" in caplog.text


async def test_closing_before_starting_is_harmless(bus: Bus, spool: Spool) -> None:
    await Outbox(bus, spool).close()
