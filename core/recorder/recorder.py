"""Reads the streams into the database; what is acknowledged is written."""

import asyncio
import logging
from collections.abc import Callable

from core.recorder.facts import read
from core.recorder.ledger import Ledger
from core.recorder.writer import FIRST_PAUSE, LONGEST_PAUSE, MOST_BYTES, Writer
from rosey import streams, subjects, tasks
from rosey.bus import Bus, Delivery, Poison
from rosey.storage import Database, StorageError
from rosey.storage.room import DatabaseRoomStorage

log = logging.getLogger("core.recorder")

# Seconds more than it takes until what a recorder had in hand is handed out again.
MARGIN = 0.5


class Recorder:
    """One of possibly several; `keep_days` as `[recorder]` says at the moment."""

    def __init__(self, bus: Bus, database: Database, keep_days: Callable[[], int]) -> None:
        self._bus = bus
        self._database = database
        self._writer = Writer(Ledger(database, keep_days).write)

    async def run(self) -> None:
        """Until cancelled. Takes nothing before the room's tables are there.

        What an earlier recorder had in hand when it died comes before all that is newer: who left
        must not come afterwards. So it waits until that is due.
        """
        await self._tables()
        await asyncio.sleep(streams.RECORDER_ACK_WAIT + MARGIN)
        writing = asyncio.create_task(self._writer.run(), name="write what happens")
        consumers = []
        try:
            for spec in (streams.recorded_events(), streams.recorded_sends()):
                consumers.append(await self._bus.consume(spec, self._take))
            log.info("recording")
            await asyncio.wait([writing])
            writing.result()
        finally:
            if not writing.done():
                await asyncio.gather(*(consumer.stop() for consumer in consumers))
            await tasks.end(writing)

    async def _tables(self) -> None:
        pause, said = FIRST_PAUSE, ""
        while True:
            try:
                return await DatabaseRoomStorage(self._database).connect()
            except StorageError as problem:
                if str(problem) != said:
                    said = str(problem)
                    log.warning("nothing is recorded yet, it waits in the streams: %s", said)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _take(self, delivery: Delivery) -> None:
        fact = read(delivery.subject, delivery.data)
        # Only a full room makes an event large, and that one is written in parts.
        if len(delivery.data) > MOST_BYTES and delivery.subject != subjects.CONNECTION_UP:
            raise Poison(f"{len(delivery.data)} bytes are too many for one event")
        await self._writer.keep(fact, len(delivery.data))
