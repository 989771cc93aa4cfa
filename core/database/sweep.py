"""What nobody needs any more is deleted, a little at a time so that no writer waits for it.

What SQLite keeps in its log goes into the file, again so that no writer waits for the disk.
"""

import asyncio
import logging
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select, text, tuple_

from core.database.keys import now
from core.database.local import Executes
from core.database.own_tables import audit, idempotency, keys
from core.database.problems import Refusal
from core.database.store import Store

log = logging.getLogger("core.database")

EVERY = 60.0
# After each the next writer waits once for the disk, so they are not many.
CHECKPOINT_EVERY = 30.0
CHECKPOINT = text("PRAGMA wal_checkpoint(PASSIVE)")
AT_ONCE = 500
RESULTS_FOR = timedelta(days=1)
AUDIT_FOR = timedelta(days=30)


async def keep_sweeping(store: Store) -> None:
    """Until cancelled; a database that is away is swept later."""
    while True:
        await asyncio.sleep(EVERY)
        try:
            await sweep(store)
        except Refusal as problem:
            log.info("nothing was swept: %s", problem)


async def keep_checkpointing(store: Store) -> None:
    """Until cancelled."""
    while store.is_sqlite:
        await asyncio.sleep(CHECKPOINT_EVERY)
        try:
            await checkpoint(store)
        except Refusal as problem:
            log.info("SQLite's log stays as it is: %s", problem)


async def checkpoint(store: Store) -> int:
    """Writes SQLite's log into its file while others read and write; how many pages are left."""

    async def work(connection: Executes) -> int:
        found = (await connection.execute(CHECKPOINT)).one()
        return int(found.log - found.checkpointed)

    return await store.look(work)


async def sweep(store: Store) -> int:
    """Deletes expired keys, results older than a day and records older than 30 days; how many.

    Raises Refusal.
    """
    swept = 0
    for table, time, end in (
        (keys, keys.c.expires_at, now()),
        (idempotency, idempotency.c.at, _before(RESULTS_FOR)),
        (audit, audit.c.at, _before(AUDIT_FOR)),
    ):
        while gone := await _some(store, table, time, end):
            swept += gone
    return swept


async def _some(store: Store, table: Any, time: Any, end: int) -> int:
    mine = tuple_(*table.primary_key)
    oldest = select(*table.primary_key).where(time <= end).order_by(time).limit(AT_ONCE)
    # Somebody may give a key a new life in between, so each is looked at again.
    statement = delete(table).where(mine.in_(oldest), time <= end)

    async def work(connection: Executes) -> int:
        return (await connection.execute(statement)).rowcount

    return await store.transact(work)


def _before(age: timedelta) -> int:
    return now() - int(age.total_seconds() * 1000)
