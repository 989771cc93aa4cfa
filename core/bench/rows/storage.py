"""The database service: keys, rows at a steady pace, a hundred at once, and its own crash."""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from core.bench.figures import Bar, Figure, median, percentile
from core.bench.processes import bare_database
from core.bench.sizes import Sizes
from core.bench.stand import Stand
from rosey import streams
from rosey.storage import Database, Unavailable
from rosey.streams import ConsumerSpec

CORE = "core"
CHANNEL = "bench/storage"
CHAT = "chat"
ROWS = 100
EVERY = 0.02
PATIENCE = 30.0
UNDER_WAY = 5

_numbers = itertools.count(1)


async def storage(stand: Stand, sizes: Sizes) -> list[Figure]:
    """On the database that comes with Rosey, by the client that plugins use."""
    database = Database.on(stand.bus, CORE)
    stand.say("storage: what earlier rows have left to the recorder")
    await _recorded(stand)
    stand.say("storage: keys")
    gets, floors = await _gets(stand, database, sizes)
    stand.say("storage: rows")
    inserts = await _paced(sizes, lambda: database.insert(CHAT, _line()))
    selects = await _paced(
        sizes,
        lambda: database.select(CHAT, {"channel": CHANNEL}, order=["-sent_at"], limit=10),
    )
    batches = [
        await _timed(lambda: database.insert(CHAT, [_line() for _ in range(ROWS)]))
        for _ in range(sizes.times * 3)
    ]
    rate = f"{sizes.storage_rate}/s"
    return [
        Figure(
            *("storage", "a key read, p50", median(gets), "ms"),
            floor=median(floors),
            floor_name="a bare NATS round trip",
            bar=Bar(3, of_ratio=True),
        ),
        Figure("storage", f"insert at {rate}, p95", percentile(inserts, 0.95), "ms", bar=Bar(10)),
        Figure("storage", f"select at {rate}, p95", percentile(selects, 0.95), "ms", bar=Bar(10)),
        Figure("storage", f"{ROWS} rows at once", median(batches), "ms", bar=Bar(50)),
    ]


async def database(stand: Stand, sizes: Sizes) -> list[Figure]:
    """The service dies under rows that are written, each until it is acknowledged."""
    client = Database.on(stand.bus, CORE)
    seconds, floors, written = [], [], list[str]()
    for turn in range(sizes.times):
        stand.say(f"database: {turn + 1} of {sizes.times}")
        floors.append(await bare_database())
        await asyncio.sleep(sizes.steady)
        written.append(await _write(client))
        under_way = [asyncio.create_task(_write(client)) for _ in range(UNDER_WAY)]
        dead = stand.rosey.kill("database")
        began = time.perf_counter()
        # What is asked before NATS has noticed is asked of nobody, and waits for its time-out.
        await asyncio.sleep(EVERY)
        written.append(await _write(client))
        seconds.append(time.perf_counter() - began)
        written += await asyncio.gather(*under_way)
        await stand.rosey.ready_again("database", dead)
    wrong = [await client.count(CHAT, {"message_id": each}) != 1 for each in written]
    return [
        Figure("database", "acknowledged rows lost or doubled", sum(wrong), "", bar=Bar(0)),
        Figure(
            *("database", "kill -9 to the next row kept", median(seconds), "s"),
            floor=median(floors),
            floor_name="a process that only loads the database's libraries",
            bar=Bar(5),
        ),
    ]


async def _recorded(stand: Stand) -> None:
    """Waits until nothing is left to be recorded, or PATIENCE is over."""
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            for spec in (streams.recorded_events(), streams.recorded_sends()):
                while await _left(stand, spec):
                    await asyncio.sleep(EVERY)


async def _left(stand: Stand, spec: ConsumerSpec) -> int:
    about = await stand.bus.js.consumer_info(spec.stream, spec.durable)
    return (about.num_pending or 0) + (about.num_ack_pending or 0)


async def _gets(stand: Stand, database: Database, sizes: Sizes) -> tuple[list[float], list[float]]:
    """Milliseconds of a key's reading and of its floor, in turns."""
    await database.keys.set("bench", {"theme": "dark"})
    values, floors = [], []
    for _ in range(sizes.commands * 5):
        floors.append(await stand.round_trip() * 1000)
        values.append(await _timed(lambda: database.keys.get("bench")))
    return values, floors


async def _paced(sizes: Sizes, work: Callable[[], Awaitable[Any]]) -> list[float]:
    """Milliseconds of each of many begun at a steady pace, whether or not others have ended."""
    count = int(sizes.storage_rate * sizes.paced_seconds)
    began = time.perf_counter()
    running = []
    for number in range(count):
        await asyncio.sleep(began + number / sizes.storage_rate - time.perf_counter())
        running.append(asyncio.create_task(_timed(work)))
    return list(await asyncio.gather(*running))


async def _timed(work: Callable[[], Awaitable[Any]]) -> float:
    began = time.perf_counter()
    await work()
    return (time.perf_counter() - began) * 1000


async def _write(client: Database) -> str:
    """Returns the id of a row that is acknowledged, however often that has to be tried."""
    line = _line()
    deadline = time.perf_counter() + PATIENCE
    while True:
        try:
            await client.insert(CHAT, line, key=line["message_id"])
            return str(line["message_id"])
        except Unavailable:
            if time.perf_counter() > deadline:
                raise
            await asyncio.sleep(EVERY)


def _line() -> dict[str, Any]:
    return {
        "message_id": f"m-bench-{next(_numbers)}",
        "channel": CHANNEL,
        "username": "bench",
        "text": "a line of ordinary length, as people say them",
        "sent_at": datetime.now(UTC).isoformat(),
        "own": False,
    }
