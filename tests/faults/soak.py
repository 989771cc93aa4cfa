"""Many messages through the bus in one process: `python -m tests.faults.soak NATS_URL COUNT`.

A process of its own, so that its memory is the bus's and nothing else's. It prints a Report.
"""

import asyncio
import gc
import sys
import time

import psutil
from nats.js.api import PubAck
from pydantic import BaseModel

from rosey import streams, subjects
from rosey.bus import Bus, Delivery
from rosey.streams import ConsumerSpec
from tests.consuming import consume

# A line of chat, as long as they are on the wire.
PADDING = b"." * 200
# Stored and not yet handled; the stream keeps many times that.
MOST_BEHIND = 4_000
SAMPLES = 40
PATIENCE = 30.0


class Report(BaseModel):
    """`wrong` counts messages that came twice or not in their turn; `memory` is RSS in MB."""

    seconds: float
    stored: int
    handled: int
    wrong: int
    handed_out_again: int
    memory: list[float]


class Soak:
    """Stores numbers and takes them again."""

    def __init__(self, bus: Bus, count: int) -> None:
        self.bus = bus
        self.count = count
        self.stored = 0
        self.handled = 0
        self.wrong = 0
        self.again = 0
        self.memory: list[float] = []
        self._process = psutil.Process()
        self._every = max(1, count // SAMPLES)
        self._caught_up = asyncio.Event()

    async def run(self) -> Report:
        spec = ConsumerSpec(streams.EVENTS, "soak", (subjects.MESSAGE,))
        await consume(self.bus, spec.stream, spec.durable, list(spec.subjects), self._handle)
        began = time.monotonic()
        for number in range(self.count):
            if number - self.handled >= MOST_BEHIND:
                await self._wait()
            data = b"%d %b" % (number, PADDING)
            future = await self.bus.store_soon(subjects.MESSAGE, data, f"m-{number}")
            future.add_done_callback(self._count_stored)
        while self.handled < self.count or self.stored < self.count:
            await self._wait()
        return Report(
            seconds=time.monotonic() - began,
            stored=self.stored,
            handled=self.handled,
            wrong=self.wrong,
            handed_out_again=self.again,
            memory=self.memory,
        )

    async def _handle(self, delivery: Delivery) -> None:
        self.wrong += int(delivery.data.split()[0]) != self.handled
        self.again += delivery.tries > 1
        self.handled += 1
        if self.handled % self._every == 0:
            gc.collect()
            self.memory.append(self._process.memory_info().rss / 2**20)
        self._caught_up.set()

    def _count_stored(self, future: "asyncio.Future[PubAck]") -> None:
        self.stored += not future.result().duplicate
        self._caught_up.set()

    async def _wait(self) -> None:
        """Until something is handled or stored. Raises TimeoutError when nothing is any more."""
        self._caught_up.clear()
        async with asyncio.timeout(PATIENCE):
            await self._caught_up.wait()


async def main(url: str, count: int) -> None:
    bus = await Bus.connect(url, "soak")
    await bus.declare()
    report = await Soak(bus, count).run()
    await bus.drain()
    sys.stdout.write(report.model_dump_json())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
