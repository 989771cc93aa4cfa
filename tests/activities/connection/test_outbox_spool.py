"""What waits for NATS outlives its process: all of it goes out in order, once."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from activities.connection.outbox import Outbox
from activities.connection.spool import Spool, from_lines
from rosey import streams, subjects
from rosey.bus import Bus
from tests.activities.connection.numbered import FRAMES, Text, empty, event, kept, room_in_a_file
from tests.servers import NatsServer, environment, until

MANY = 20_000


def spooled(spool: Spool) -> list[str]:
    """The ids a next process would find, without touching anything."""
    segments = [from_lines(path.read_bytes()) for path in sorted(spool.folder.glob("*"))]
    return [event.id for events, _ in segments for event in events]


def names(*numbers: int) -> list[str]:
    return [f"m-{number}" for number in range(*numbers)]


@pytest.fixture
async def away(nats: NatsServer, bus: Bus, outbox: Outbox) -> Outbox:
    """An outbox that has stored event 0 and lost NATS."""
    event(outbox, 0)
    await empty(outbox)
    nats.kill()
    await until(lambda: not bus.is_connected)
    return outbox


@pytest.fixture
async def talking(
    nats: NatsServer, bus: Bus, spool: Spool
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Another process that has said the first half, then the rest without NATS."""
    talking = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.activities.connection.talker"),
        *(nats.url, str(spool.folder), str(MANY)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=environment(),
        cwd=Path(__file__).parents[3],
    )
    try:
        await talk_without_nats(talking, nats, spool)
        yield talking
    finally:
        await kill(talking)


async def kill(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
    await process.wait()


async def talk_without_nats(
    talking: asyncio.subprocess.Process, nats: NatsServer, spool: Spool
) -> None:
    assert talking.stdin
    assert talking.stdout
    assert await talking.stdout.readline() == b"stored\n"
    assert not spool.folder.exists()
    nats.kill()
    talking.stdin.write(b"now\n")
    assert await talking.stdout.readline() == b"said\n"
    await until(lambda: spooled(spool) == names(MANY // 2, MANY), what="all that waits is on disk")


async def stored_by_the_next(bus: Bus, spool: Spool) -> None:
    """What the dead one left goes out before what the next one hears; then the disk is empty."""
    outbox = Outbox(bus, spool)
    for number in range(MANY, MANY + 50):
        event(outbox, number)
    outbox.start()
    for number in range(MANY + 50, MANY + 100):
        event(outbox, number)
    await empty(outbox)
    numbers, ids = await kept(bus, MANY + 100)
    assert numbers == list(range(MANY + 100))
    assert ids == names(MANY + 100)
    assert not any(spool.folder.iterdir())
    await outbox.close()


async def test_a_process_killed_while_nats_is_away_loses_nothing(
    nats: NatsServer, bus: Bus, spool: Spool, talking: asyncio.subprocess.Process
) -> None:
    await kill(talking)
    nats.start()
    await until(lambda: bus.is_connected)
    await stored_by_the_next(bus, spool)


@pytest.mark.parametrize("more", [1, 300])
async def test_a_process_killed_while_the_spool_goes_out_sends_nothing_twice(
    nats: NatsServer, bus: Bus, spool: Spool, talking: asyncio.subprocess.Process, more: int
) -> None:
    nats.start()
    await until(lambda: bus.is_connected)
    while (await bus.js.stream_info(streams.EVENTS)).state.messages < MANY // 2 + more:
        pass
    await kill(talking)
    assert spooled(spool)  # not all of it had gone out
    await stored_by_the_next(bus, spool)


async def test_each_event_is_on_disk_before_the_next_is_heard(away: Outbox, spool: Spool) -> None:
    event(away, 1)
    await until(lambda: spooled(spool) == ["m-1"])
    for number in range(2, 50):
        away.frame(FRAMES, b"frame")
        event(away, number)
        assert spooled(spool) == names(1, number + 1)


async def test_after_the_outage_nothing_is_written_any_more(
    nats: NatsServer, bus: Bus, away: Outbox, spool: Spool
) -> None:
    event(away, 1)
    await until(lambda: spooled(spool) == ["m-1"])
    nats.start()
    await empty(away)
    spool.folder.rmdir()  # so it is empty
    for number in range(2, 1_000):
        event(away, number)
    await empty(away)
    assert not spool.folder.exists()
    assert (await kept(bus, 1_000))[0] == list(range(1_000))


async def test_a_full_spool_gives_up_all_frames_then_the_oldest_events(
    nats: NatsServer, bus: Bus, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    spool = Spool(tmp_path / "small", 64_000)
    outbox = Outbox(bus, spool)
    nats.kill()
    await until(lambda: not bus.is_connected)
    outbox.start()
    for _ in range(300):
        outbox.frame(FRAMES, b"frame")
    event(outbox, 0)
    await until(lambda: spooled(spool) == ["m-0"])
    number = 1
    while not spool.is_full:
        event(outbox, number)
        number += 1
    assert (outbox.frames_dropped, outbox.events_lost) == (0, 0)
    event(outbox, number)
    lost = outbox.events_lost
    assert outbox.frames_dropped == 300
    assert 0 < lost < number / 10
    for more in range(number + 1, 3 * number):
        event(outbox, more)
        outbox.frame(FRAMES, b"frame")
    assert outbox.events_lost > number
    assert caplog.text.count("oldest events are lost") == 1
    assert sum(path.stat().st_size for path in spool.folder.iterdir()) < 64_000 + 100
    nats.start()
    await empty(outbox)
    left = 3 * number - outbox.events_lost
    assert (await kept(bus, left))[0] == list(range(outbox.events_lost, 3 * number))
    await outbox.close()


async def test_a_disk_that_fails_is_said_once_and_memory_goes_on(
    nats: NatsServer, bus: Bus, away: Outbox, spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    """When it takes events again, all that wait are on it, in order."""
    spool.folder.parent.write_text("in the way")
    for number in range(1, 50):
        event(away, number)
    await until(lambda: "cannot be written" in caplog.text)
    for number in range(50, 100):
        event(away, number)
    assert caplog.text.count("cannot be written") == 1
    spool.folder.parent.unlink()
    await until(lambda: spooled(spool) == names(1, 100))
    nats.start()
    await empty(away)
    assert (await kept(bus, 100))[0] == list(range(100))


async def test_after_an_event_that_the_disk_did_not_take_none_goes_ahead_of_it(
    nats: NatsServer, bus: Bus, away: Outbox, spool: Spool
) -> None:
    event(away, 1)
    await until(lambda: spooled(spool) == ["m-1"])
    with room_in_a_file(1_000):
        away.event(subjects.MESSAGE, Text(text="0" * 2_000), "m-2")
        event(away, 3)
        assert spooled(spool) == ["m-1"]
    await until(lambda: spooled(spool) == ["m-1", "m-2", "m-3"])
    event(away, 4)
    assert spooled(spool) == names(1, 5)


async def test_what_is_too_large_leaves_the_spool_too(
    nats: NatsServer, bus: Bus, away: Outbox, spool: Spool
) -> None:
    away.event(subjects.MESSAGE, Text(text="0" * bus.client.max_payload), "m-large")
    event(away, 1)
    await until(lambda: spooled(spool) == ["m-large", "m-1"])
    nats.start()
    await empty(away)
    assert away.events_lost == 1
    assert not any(spool.folder.iterdir())


async def test_what_is_left_at_the_end_is_kept_for_the_next_start(
    nats: NatsServer, bus: Bus, away: Outbox, spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    event(away, 1)
    await away.close(0)
    assert f"1 are kept in {spool.folder}" in caplog.text
    nats.start()
    await until(lambda: bus.is_connected)
    after = Outbox(bus, Spool(spool.folder))
    after.start()
    event(after, 2)
    await empty(after)
    assert (await kept(bus, 3))[0] == [0, 1, 2]
    await after.close()
