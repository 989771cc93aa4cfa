"""A connection for changing what tables look like, for one at a time on the whole database."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from core.database.problems import in_our_words
from core.database.store import PATIENCE, Store
from core.errors import UserError

# Seconds to wait for another who changes tables now.
TURN_SECONDS = 60.0
# What others do with a table may hold a change up for so long; who comes after waits behind it.
LOCK_SECONDS = 10
# One number for every Rosey: "rosey" in ASCII.
ADVISORY = 0x726F736579


@asynccontextmanager
async def exclusive(store: Store) -> AsyncIterator[AsyncConnection]:
    """A connection outside a transaction, while nobody else has one of these.

    Statements may take as long as they need. Raises UserError when another holds it too long,
    Refusal for what the database says.
    """
    engine = _sqlite(store) if store.is_sqlite else _postgres(store)
    try:
        async with in_our_words(), AsyncExitStack() as stack:
            if store.is_sqlite:
                await stack.enter_async_context(_file_lock(database_file(store)))
            else:
                await _advisory_lock(await stack.enter_async_context(engine.connect()))
            yield await stack.enter_async_context(engine.connect())
    finally:
        await engine.dispose()


def database_file(store: Store) -> Path:
    """The file of a SQLite database."""
    assert store.url.database
    return Path(store.url.database).absolute()


@asynccontextmanager
async def _file_lock(database: Path) -> AsyncIterator[None]:
    path = database.with_name(f"{database.name}.lock")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        deadline = _deadline()
        while not _try(descriptor):
            await _wait(deadline)
        yield
    finally:
        os.close(descriptor)


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


async def _advisory_lock(connection: AsyncConnection) -> None:
    """Held until the connection ends, whatever ends it."""
    await connection.execution_options(isolation_level="AUTOCOMMIT")
    deadline = _deadline()
    while not await connection.scalar(text(f"SELECT pg_try_advisory_lock({ADVISORY})")):
        await _wait(deadline)


def _deadline() -> float:
    return asyncio.get_running_loop().time() + TURN_SECONDS


async def _wait(deadline: float) -> None:
    if asyncio.get_running_loop().time() > deadline:
        raise UserError(
            "Another Rosey has been changing this database's tables for "
            f"{TURN_SECONDS:.0f} seconds; try again when it is done."
        )
    await asyncio.sleep(0.05)


def _sqlite(store: Store) -> AsyncEngine:
    engine = create_async_engine(
        store.url,
        poolclass=NullPool,
        connect_args={"isolation_level": None, "timeout": LOCK_SECONDS},
    )
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    # A table may be replaced by a new one of its name; afterwards all references are looked at.
    cursor.execute("PRAGMA foreign_keys = OFF")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _postgres(store: Store) -> AsyncEngine:
    settings = {
        "application_name": "rosey migrations",
        "timezone": "UTC",
        "lock_timeout": f"{LOCK_SECONDS}s",
    }
    return create_async_engine(
        store.url,
        poolclass=NullPool,
        connect_args={"timeout": PATIENCE, "server_settings": settings},
    )
