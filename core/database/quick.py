"""The shortest way to read: one connection that is kept, and the driver without what is around it.

The way by SQLAlchemy from the pool and back costs several times what a look at one row does.
"""

import asyncio
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from core.database.problems import in_our_words
from core.database.store import PATIENCE, Store


class Quick:
    """Reads by one statement, one reader at a time; a lost connection is made again."""

    def __init__(self, store: Store, patience: float = PATIENCE) -> None:
        self._store = store
        self._patience = patience
        self._connection: AsyncConnection | None = None
        self._driver: Any = None
        self._one_reader = asyncio.Lock()
        self._leaving: set[asyncio.Task[None]] = set()

    async def rows(self, statement: str, *values: Any) -> list[Any]:
        """What `statement` gives, with `$1`, `$2`, ... for `values`.

        Raises Refusal for what the database says, at the latest after `patience` seconds.
        """
        async with in_our_words(), asyncio.timeout(self._patience), self._one_reader:
            was_kept = self._connection is not None
            try:
                return await self._ask(statement, values)
            except BaseException as problem:  # a cancelled statement still runs on the connection
                self._let_go()
                if not was_kept or not isinstance(problem, Exception):
                    raise
            return await self._ask(statement, values)

    async def close(self) -> None:
        async with self._one_reader:
            self._let_go()
        await asyncio.gather(*self._leaving, return_exceptions=True)

    async def _ask(self, statement: str, values: tuple[Any, ...]) -> list[Any]:
        if self._connection is None:
            connection = await self._store.apart.connect()
            self._driver = (await connection.get_raw_connection()).driver_connection
            self._connection = connection
        if self._store.is_sqlite:
            found = await self._driver.execute_fetchall(statement.replace("$", "?"), values)
        else:
            found = await self._driver.fetch(statement, *values)
        return list(found)

    def _let_go(self) -> None:
        """Does not wait: a server that hangs would hold up who asks."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if not self._store.is_sqlite:
            self._driver.terminate()
        leaving = asyncio.create_task(connection.close(), name="close a connection")
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)
