"""Every write goes through here: one transaction, once for each idempotency key, recorded."""

import json
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from core.database import local
from core.database.local import Executes
from core.database.own_tables import audit, idempotency
from core.database.problems import Away, Refusal, invalid
from core.database.store import Store
from core.logs import printable
from rosey import clock

log = logging.getLogger("core.database")

SLOW = 0.5
DONE = "done"
# Made once, for making them takes longer than carrying them out.
RECORD = insert(audit).inline()
CLAIMS = {
    "postgresql": postgresql.insert(idempotency).on_conflict_do_nothing().inline(),
    "sqlite": sqlite.insert(idempotency).on_conflict_do_nothing().inline(),
}

# Gives the reply's fields and how many rows were touched.
DriverWork = Callable[[AsyncConnection], Awaitable[tuple[dict[str, Any], int]]]
Work = local.Work[tuple[dict[str, Any], int]]


@dataclass(frozen=True)
class Done:
    """The reply's fields, rows touched just now, and whether it was done before."""

    reply: dict[str, Any]
    rows: int
    is_repeat: bool = False


class Writer:
    """The way to write into `store`."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def write(
        self, plugin: str, operation: str, table: str, work: Work, key: str | None = None
    ) -> dict[str, Any]:
        """The reply's fields: what `work` gives, or what it gave the first time with this `key`.

        Raises Refusal, after which nothing of `work` is kept.
        """
        return await self._write(self.store.transact, plugin, operation, table, work, key)

    async def write_by_driver(
        self, plugin: str, operation: str, table: str, work: DriverWork
    ) -> dict[str, Any]:
        """As `write`, for work that needs the driver's connection or waits for other things."""

        async def transact(recorded: Callable[[AsyncConnection], Awaitable[Done]]) -> Done:
            async with self.store.write() as connection:
                return await recorded(connection)

        return await self._write(transact, plugin, operation, table, work, None)

    async def _write(
        self,
        transact: Callable[[Any], Awaitable[Done]],
        plugin: str,
        operation: str,
        table: str,
        work: Callable[[Any], Awaitable[tuple[dict[str, Any], int]]],
        key: str | None,
    ) -> dict[str, Any]:
        began = time.perf_counter()

        async def recorded(connection: Any) -> Done:
            done = await once(connection, plugin, key, work)
            if not done.is_repeat:
                took = time.perf_counter() - began
                await _record(connection, plugin, operation, table, done.rows, took, DONE)
            return done

        try:
            done = await transact(recorded)
        except Refusal as refusal:
            await self._record_refused(plugin, operation, table, began, refusal)
            raise
        took = time.perf_counter() - began
        if took > SLOW:
            log.warning("slow: %s %s %s took %.2f s", plugin, operation, table, took)
        return done.reply

    async def _record_refused(
        self, plugin: str, operation: str, table: str, began: float, refusal: Refusal
    ) -> None:
        took = time.perf_counter() - began
        log.info("refused %s %s %s: %s", plugin, operation, printable(table), refusal.code)
        if isinstance(refusal, Away):
            return  # the database would not take this either, and somebody waits for the answer
        try:
            await self.store.transact(
                lambda connection: _record(
                    connection, plugin, operation, table, 0, took, refusal.code
                )
            )
        except Refusal as problem:
            log.warning("a refused write could not be recorded: %s", problem)


async def once(connection: Executes, plugin: str, key: str | None, work: Work) -> Done:
    """What `work` does in this transaction, or what it did the first time with this `key`."""
    known = await _claim(connection, plugin, key) if key else None
    if known is not None:
        return Done(known, 0, is_repeat=True)
    reply, rows = await work(connection)
    if key:
        await _keep(connection, plugin, key, reply)
    return Done(reply, rows)


async def _claim(connection: Executes, plugin: str, key: str) -> dict[str, Any] | None:
    """The first result; None when this is the first, and then nobody else can be at the same time.

    Another transaction with the same key waits at the insert until this one ends.
    """
    row = {"plugin": plugin, "key": key, "result": "", "at": _now()}
    claim = CLAIMS[connection.dialect.name]
    if (await connection.execute(claim, row)).rowcount:
        return None
    mine = (idempotency.c.plugin == plugin) & (idempotency.c.key == key)
    result = (await connection.execute(select(idempotency.c.result).where(mine))).scalar_one()
    if not result:
        # Nobody else's unfinished work can be seen, so it is this transaction's own.
        raise invalid("A batch and an operation in it have the same idempotency key.")
    known: dict[str, Any] = json.loads(result)
    return known


async def _keep(connection: Executes, plugin: str, key: str, reply: dict[str, Any]) -> None:
    mine = (idempotency.c.plugin == plugin) & (idempotency.c.key == key)
    text = json.dumps(reply, ensure_ascii=False)
    await connection.execute(idempotency.update().where(mine).values(result=text))


async def _record(
    connection: Executes,
    plugin: str,
    operation: str,
    table: str,
    rows: int,
    took: float,
    outcome: str,
) -> None:
    row = {
        "at": _now(),
        "plugin": plugin[:64],
        "operation": operation,
        "table_name": table[:255],
        "rows": rows,
        "seconds": round(took, 6),
        "outcome": outcome,
    }
    await connection.execute(RECORD, row)


def _now() -> int:
    """Milliseconds since 1970."""
    return int(clock.now().timestamp() * 1000)
