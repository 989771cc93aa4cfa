"""Storing what must not be lost in a stream that may be full."""

import asyncio
import logging

from rosey.bus import Bus, StreamFull

log = logging.getLogger("core.backpressure")

LOOK_EVERY = 0.5


async def store_when_there_is_room(bus: Bus, subject: str, data: bytes, id: str) -> None:
    """Waits as long as the stream is full; meanwhile what this came from is not acknowledged.

    So the streams before it fill up as well, until the router takes no more commands. Raises
    BusError as Bus.store does.
    """
    told = False
    while True:
        try:
            await bus.store(subject, data, id)
            return
        except StreamFull as problem:
            if not told:
                log.warning("%s waits: %s", id, problem)
            told = True
            await asyncio.sleep(LOOK_EVERY)
