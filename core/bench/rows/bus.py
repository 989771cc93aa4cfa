"""Plugins that all hear a steady stream of lines: what arrives, how soon, and what it takes."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import psutil

from core.bench import attached
from core.bench.attached import STORED, STREAM, Attach, Heard
from core.bench.figures import Bar, Figure, median, percentile
from core.bench.processes import BenchError, pss_mb
from core.bench.room import channel
from core.bench.sizes import Sizes
from core.bench.stand import Stand
from rosey import streams

PATIENCE = 20.0
FLOOR = "nats-py alone, publish and subscribe with nothing kept"
# Of what is said in a second, so much has to be heard by all in a second.
KEEPS_UP = 0.95


@dataclass
class Taken:
    """Of several turns: lines a second to each plugin, and milliseconds of each under way."""

    rates: list[float] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    wrong: int = 0

    def add(self, heard: Heard, count: int) -> None:
        """A turn in which `count` lines were said. Raises BenchError when none was heard."""
        if not heard.seconds:
            raise BenchError("the plugins heard nothing")
        self.rates.append(count / heard.seconds)
        for lines in heard.plugins:
            self.wrong += sum(number != at for at, (number, _) in enumerate(lines))
            self.wrong += abs(count - len(lines))
            self.delays += [delay / 1000 for _, delay in lines]


async def bus(stand: Stand, sizes: Sizes) -> list[Figure]:
    """Stored, heard and acknowledged by each plugin, beside a running Rosey."""
    ours, floor = Taken(), Taken()
    processes = psutil.Process().children(recursive=True)
    before = pss_mb(processes)
    async with _stream(stand, sizes):
        for turn in range(sizes.times):
            stand.say(f"bus: {turn + 1} of {sizes.times}")
            await _turn(stand, sizes, floor, bare=True)
            await _turn(stand, sizes, ours, bare=False)
    growth = pss_mb(processes) - before
    return [
        Figure("bus", "lost, repeated or out of order", ours.wrong, "", bar=Bar(0)),
        Figure(
            *("bus", f"lines to each of {sizes.plugins} plugins", median(ours.rates), "/s"),
            floor=median(floor.rates),
            floor_name=FLOOR,
            bar=Bar(KEEPS_UP * sizes.paced_rate, at_least=True),
        ),
        _delay(ours, floor, 0.5),
        _delay(ours, floor, 0.99, Bar(10)),
        Figure("bus", "memory grown (PSS)", growth, "MB", bar=Bar(100)),
    ]


def _delay(ours: Taken, floor: Taken, share: float, bar: Bar | None = None) -> Figure:
    name = f"published to handled, p{share * 100:g}"
    return Figure(
        *("bus", name, percentile(ours.delays, share), "ms"),
        floor=percentile(floor.delays, share),
        floor_name=FLOOR,
        bar=bar,
    )


@asynccontextmanager
async def _stream(stand: Stand, sizes: Sizes) -> AsyncIterator[None]:
    """Like that of all events, with a consumer for each plugin."""
    events = next(config for config in streams.core_streams() if config.name == streams.EVENTS)
    await stand.bus.js.add_stream(events.evolve(name=STREAM, subjects=[STORED]))
    try:
        for plugin in range(sizes.plugins):
            await stand.bus.make(attached.consumer(plugin))
        yield
    finally:
        await stand.bus.js.delete_stream(STREAM)


async def _turn(stand: Stand, sizes: Sizes, taken: Taken, bare: bool) -> None:
    count = round(sizes.paced_rate * sizes.bus_seconds)
    asked = Attach(plugins=sizes.plugins, count=count, bare=bare)
    await stand.bus.request(attached.ATTACH, asked.model_dump_json().encode(), PATIENCE)
    await (_publish if bare else _store)(stand, count, sizes.paced_rate)
    answer = await stand.bus.request(attached.DETACH, b"", PATIENCE)
    taken.add(Heard.model_validate_json(answer), count)


async def _publish(stand: Stand, count: int, rate: int) -> None:
    async for number in _paced(count, rate):
        await stand.bus.publish(attached.BARE, attached.bare_line(number))


async def _store(stand: Stand, count: int, rate: int) -> None:
    """Returns when the stream has everything."""
    storing = []
    async for number in _paced(count, rate):
        message = stand.room.message(channel("bus"), "speaker", attached.line(number))
        storing.append(await stand.bus.store_soon(STORED, message.wire(), message.id))
    await asyncio.gather(*storing)


async def _paced(count: int, rate: int) -> AsyncIterator[int]:
    """Numbers, each when its time has come."""
    began = time.perf_counter()
    for number in range(count):
        await asyncio.sleep(began + number / rate - time.perf_counter())
        yield number
