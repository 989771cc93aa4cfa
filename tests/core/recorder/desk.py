"""A bus and the room's tables in memory, with recorders between them that can be killed."""

import asyncio
from collections.abc import Iterable

from core.recorder.facts import Fact
from core.recorder.recorder import Recorder
from rosey import streams
from rosey.bus import Delivery
from rosey.testing import MemoryBus
from rosey.testing.memory import Kept
from tests.core.recorder.happenings import id_of
from tests.room_database import RoomDatabase
from tests.servers import until


class Died(Exception):
    """Stands for the end of a process: nothing of it is heard after it."""


class Desk:
    """`tell` puts events on the bus; `open` starts a recorder, which reads them."""

    def __init__(self) -> None:
        self.bus = MemoryBus()
        self.database = RoomDatabase()
        self.keep_days = 90
        self._open: list[asyncio.Task[None]] = []

    async def tell(self, *facts: Fact) -> None:
        for fact in facts:
            await self.bus.store(fact.subject, fact.event.wire(), id_of(fact))

    def open(self, bus: MemoryBus | None = None) -> "asyncio.Task[None]":
        recorder = Recorder(bus or self.bus, self.database.client, lambda: self.keep_days)
        task = asyncio.create_task(recorder.run())
        self._open.append(task)
        return task

    async def close(self) -> None:
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        await self.bus.drain()

    @property
    def is_settled(self) -> bool:
        """Whether all there is has been acknowledged."""
        return all(
            self.bus.memory.streams[spec.stream].durables[spec.durable].is_settled
            for spec in (streams.recorded_events(), streams.recorded_sends())
        )

    async def settled(self) -> None:
        await until(lambda: self.is_settled, what="all written")

    @property
    def dead_letters(self) -> list[Kept]:
        return self.bus.stored(streams.DEAD)

    async def record(self, facts: Iterable[Fact]) -> RoomDatabase:
        """What a recorder that nothing happens to makes of it."""
        await self.tell(*facts)
        self.open()
        await self.settled()
        return self.database


class Mortal(MemoryBus):
    """The bus of a process that can die."""

    dead = False
    acknowledgements_left = 1_000

    async def fall_silent(self) -> None:
        """Takes nothing more."""
        for consumer in self._consumers:
            await consumer.feed.stop()


def is_alive(delivery: Delivery, acknowledges: bool) -> bool:
    """Whether the server hears what a process says of a message."""
    bus = delivery.consumer.bus
    if not isinstance(bus, Mortal):
        return True
    if acknowledges:
        bus.dead = bus.dead or bus.acknowledgements_left == 0
        bus.acknowledgements_left -= 1
    return not bus.dead
