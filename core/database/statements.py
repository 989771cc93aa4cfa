"""`db.sql.<plugin>.query` and `.execute`: one statement of a plugin about its own tables.

`sql_rules` says what may be in a statement, `sql_values` what becomes of its parameters. The text
that runs is written anew from what was checked. Reading happens where the database itself lets
nothing be written. A write goes through the Writer; it sets `updated_at` only if it says so.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import aiosqlite
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from core.database.problems import Refusal, malformed
from core.database.sql_rules import Statement, check
from core.database.sql_runs import (
    Postgres,
    Run,
    columns_on_postgres,
    columns_on_sqlite,
    on_postgres,
    on_sqlite,
)
from core.database.sql_values import bind
from core.database.store import CONNECTIONS, PATIENCE, Store
from core.database.writes import Writer
from rosey.contracts.storage import Code, Sql, SqlResult

# Slow statements never take all connections from rows and keys.
_AT_ONCE = CONNECTIONS // 2


class Statements:
    """SQL for plugins in `store`; what is written goes through `writer`."""

    def __init__(self, store: Store, writer: Writer) -> None:
        self._store = store
        self._writer = writer
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def perform(self, plugin: str, op: str, request: dict[str, Any]) -> dict[str, Any]:
        """The fields of an SqlResult. Raises Refusal."""
        asked = _request(op, request)
        # The rules are plain work for the processor; others go on meanwhile.
        statement = await asyncio.to_thread(check, plugin, asked.query, len(asked.params))
        if not statement.reads and not (op == "execute" and asked.allow_write):
            message = f"{statement.kind} needs `execute` with `allow_write: true`."
            raise Refusal(Code.PERMISSION_DENIED, message)
        async with self._turn():
            if statement.reads:
                return _reply(await self._read(statement, asked))
            return await self._write(plugin, statement, asked)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        try:
            await asyncio.wait_for(self._turns.acquire(), PATIENCE)
        except TimeoutError:
            message = "Too many SQL statements run at the same time; try again."
            raise Refusal(Code.UNAVAILABLE, message) from None
        try:
            yield
        finally:
            self._turns.release()

    async def _read(self, statement: Statement, asked: Sql) -> SqlResult:
        async with self._store.read() as connection:
            if self._store.is_sqlite:
                return await _run_on_sqlite(connection, statement, asked)
            driver = await _postgres(connection)
            async with driver.transaction(readonly=True):
                return await _run_on_postgres(driver, statement, asked)

    async def _write(self, plugin: str, statement: Statement, asked: Sql) -> dict[str, Any]:
        async def work(connection: AsyncConnection) -> tuple[dict[str, Any], int]:
            if self._store.is_sqlite:
                result = await _run_on_sqlite(connection, statement, asked)
            else:
                # SQLAlchemy begins its transaction with the first words it hears.
                await connection.exec_driver_sql("SELECT 1")
                driver = await _postgres(connection)
                result = await _run_on_postgres(driver, statement, asked)
            return _reply(result), result.count

        table = statement.target.removeprefix(f"{plugin}_")
        return await self._writer.write_by_driver(plugin, "sql", table, work)


def _request(op: str, request: dict[str, Any]) -> Sql:
    if op not in ("query", "execute"):
        what = f"There is no operation {op[:64]!r}; there are `query` and `execute`."
        raise Refusal(Code.NOT_FOUND, what)
    try:
        return Sql.model_validate(request)
    except ValidationError as problem:
        raise malformed(problem, Code.REQUEST_VALIDATION_ERROR) from None


def _reply(result: SqlResult) -> dict[str, Any]:
    return result.model_dump(exclude={"success"})


async def _run_on_postgres(driver: Postgres, statement: Statement, asked: Sql) -> SqlResult:
    columns = await columns_on_postgres(driver, sorted(statement.tables))
    text, values = await asyncio.to_thread(bind, statement, asked.params, columns, False)
    return await on_postgres(driver, _run(statement, asked, text, values))


async def _run_on_sqlite(
    connection: AsyncConnection, statement: Statement, asked: Sql
) -> SqlResult:
    raw = await connection.get_raw_connection()
    driver = cast(aiosqlite.Connection, raw.driver_connection)
    columns = await columns_on_sqlite(driver, sorted(statement.tables))
    text, values = await asyncio.to_thread(bind, statement, asked.params, columns, True)
    return await on_sqlite(driver, _run(statement, asked, text, values))


def _run(statement: Statement, asked: Sql, text: str, values: list[Any]) -> Run:
    return Run(text, values, asked.timeout_ms / 1000, asked.max_rows, not statement.reads)


async def _postgres(connection: AsyncConnection) -> Postgres:
    raw = await connection.get_raw_connection()
    return cast(Postgres, raw.driver_connection)
