"""What a plugin that was removed has left in the database."""

from sqlalchemy import Connection, MetaData, Table, delete, inspect, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.database.exclusive import database_file, exclusive
from core.database.own_tables import idempotency, keys
from core.database.store import Store


async def tables_of(store: Store, plugin: str) -> list[str]:
    """The names of its tables in the database. Raises Refusal."""
    if store.is_sqlite and not database_file(store).exists():
        return []
    async with store.read() as connection:
        return await connection.run_sync(_tables, plugin)


async def drop(store: Store, plugin: str) -> list[str]:
    """Deletes its tables and keys; returns the tables. Raises Refusal, UserError."""
    if not await tables_of(store, plugin) and not await _has_keys(store, plugin):
        return []
    async with exclusive(store) as connection, connection.begin():
        return await _drop(connection, plugin)


async def _drop(connection: AsyncConnection, plugin: str) -> list[str]:
    names = await connection.run_sync(_tables, plugin)
    for name in names:
        await connection.run_sync(Table(name, MetaData()).drop)
    for table in (keys, idempotency):
        if await connection.run_sync(_exists, table.name):
            await connection.execute(delete(table).where(table.c.plugin == plugin))
    return names


async def _has_keys(store: Store, plugin: str) -> bool:
    if store.is_sqlite and not database_file(store).exists():
        return False
    async with store.read() as connection:
        if not await connection.run_sync(_exists, keys.name):
            return False
        found = await connection.execute(select(keys.c.key).where(keys.c.plugin == plugin).limit(1))
        return found.first() is not None


def _tables(connection: Connection, plugin: str) -> list[str]:
    names = sorted(inspect(connection).get_table_names())
    return [name for name in names if name.startswith(f"{plugin}_")]


def _exists(connection: Connection, name: str) -> bool:
    return inspect(connection).has_table(name)
