"""What was said is kept for some days only."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from rosey import clock
from rosey.storage import Database, StorageError

log = logging.getLogger("core.recorder")

EVERY = 3600.0
AGAIN = 60.0
# Rows at a time, and seconds in between for others.
STEP = 500
BREATH = 0.1
COUNTS_DAYS = 30

# Tables with the field that says how old a row is.
SPOKEN = {"chat": "sent_at", "actions": "at", "outbound": "at"}
COUNTS = {"user_counts": "at"}


async def forget_old(database: Database, keep_days: Callable[[], int]) -> None:
    """Once an hour, until cancelled."""
    while True:
        try:
            gone = await sweep(database, keep_days(), clock.now())
        except StorageError as problem:
            log.info("what is old goes later: %s", problem)
            await asyncio.sleep(AGAIN)
            continue
        if gone:
            log.info("%d rows were old enough to go", gone)
        await asyncio.sleep(EVERY)


async def sweep(database: Database, keep_days: int, now: datetime) -> int:
    """Deletes what is older than `keep_days`, of people's numbers what is older than 30 days.

    Gives how many rows. Raises StorageError; what was deleted until then is.
    """
    spoken, counts = now - timedelta(days=keep_days), now - timedelta(days=COUNTS_DAYS)
    gone = 0
    for table, field in SPOKEN.items():
        gone += await _sweep(database, table, field, spoken)
    for table, field in COUNTS.items():
        gone += await _sweep(database, table, field, counts)
    return gone


async def _sweep(database: Database, table: str, field: str, before: datetime) -> int:
    """Never more than a step at once, so that nobody waits for it."""
    gone = 0
    while rows := await database.select(
        table, {field: {"$lt": before}}, order=(field,), limit=STEP
    ):
        # All of one moment go together, so there may be a few more.
        gone += await database.delete(table, {field: {"$lte": rows[-1][field]}})
        await asyncio.sleep(BREATH)
    return gone
