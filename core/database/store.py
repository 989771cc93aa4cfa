"""One database, SQLite or PostgreSQL, behind the same two doors: to read and to write."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.util import await_only

from core.database.problems import Refusal, in_our_words
from core.errors import UserError
from rosey.contracts.storage import Code

FILE_NAME = "rosey.db"
VARIABLE = "ROSEY_DATABASE_URL"
# Of a connection that writes nothing.
READING = "rosey_reading"
# Whoever asks hears within two seconds that the database is away.
PATIENCE = 1.5
CONNECTIONS = 8
ALLOWED = "allowed: postgresql://user:password@host/database or sqlite:///path/to/file"


def address(data: Path) -> URL:
    """Where the data is: what ROSEY_DATABASE_URL names, else a file in the data folder.

    Raises UserError.
    """
    given = os.environ.get(VARIABLE, "")
    if not given:
        return URL.create("sqlite+aiosqlite", database=str(data / FILE_NAME))
    try:
        url = make_url(given)
    except (ArgumentError, ValueError):
        raise UserError(f"{VARIABLE} is no address of a database; {ALLOWED}.") from None
    match url.get_backend_name():
        case "postgresql" | "postgres":
            return url.set(drivername="postgresql+asyncpg")
        case "sqlite" if url.database and url.database != ":memory:":
            return url.set(drivername="sqlite+aiosqlite")
    raise UserError(f"{VARIABLE} names a kind of database that Rosey does not use; {ALLOWED}.")


class Store:
    """Connections to one database. Nothing is opened before it is asked for."""

    def __init__(self, url: URL) -> None:
        self.url = url
        self.is_sqlite = url.get_backend_name() == "sqlite"
        make = _sqlite if self.is_sqlite else _postgres
        self.engine = make(
            url, pool_size=CONNECTIONS, max_overflow=0, pool_timeout=PATIENCE, pool_pre_ping=False
        )
        # For who keeps a connection: always a fresh one, and none of those that others wait for.
        self.apart = make(url, poolclass=NullPool)
        # Each step in SQLite goes by way of another thread, and to change a connection's level and
        # back takes more of them than a statement does. So there the beginning is just left out.
        self._reading: dict[str, Any] = (
            {READING: True} if self.is_sqlite else {"isolation_level": "AUTOCOMMIT"}
        )
        # SQLite has one writer; who waits here does not spin on its lock.
        self._one_writer = asyncio.Lock()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """For statements that change nothing. Raises Refusal for what the database says."""
        async with in_our_words(), self.engine.connect() as connection:
            yield await connection.execution_options(**self._reading)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """One transaction: all of it is kept when the block ends, nothing when it raises.

        Raises Refusal for what the database says.
        """
        async with in_our_words(), self._turn(), self.engine.begin() as connection:
            yield connection

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        if not self.is_sqlite:
            yield
            return
        try:
            await asyncio.wait_for(self._one_writer.acquire(), PATIENCE)
        except TimeoutError:
            raise Refusal(Code.UNAVAILABLE, "The database is busy; try again.") from None
        try:
            yield
        finally:
            self._one_writer.release()

    async def close(self) -> None:
        await self.engine.dispose()
        await self.apart.dispose()


def _sqlite(url: URL, **pool: Any) -> AsyncEngine:
    assert url.database
    folder = Path(url.database).absolute().parent
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Transactions are begun below and not by the driver, which would begin them late.
    engine = create_async_engine(
        url,
        connect_args={"isolation_level": None, "timeout": PATIENCE},
        **pool,
    )
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _: object) -> None:
    cursor = connection.cursor()
    for words in (
        "journal_mode = WAL",
        "synchronous = NORMAL",
        "foreign_keys = ON",
        f"busy_timeout = {int(PATIENCE * 1000)}",
        "case_sensitive_like = ON",
    ):
        cursor.execute(f"PRAGMA {words}")
    cursor.close()
    connection.create_function("rosey_lower", 1, small, deterministic=True)


def _begin_sqlite(connection: Any) -> None:
    # Who only reads begins nothing and waits for no writer. Who will write says so at once, or two
    # that read first could never both go on.
    options = connection.get_execution_options()
    if READING in options or options.get("isolation_level") == "AUTOCOMMIT":
        return
    # Straight to the driver's thread: one step instead of three.
    driver = connection.connection.driver_connection
    await_only(driver.execute("BEGIN IMMEDIATE"))


def small(text: str | None) -> str | None:
    """In small letters, one for one, as PostgreSQL's pg_c_utf8 has it."""
    if text is None:
        return None
    return "".join(char.lower()[0] for char in text)


def _postgres(url: URL, **pool: Any) -> AsyncEngine:
    return create_async_engine(
        url,
        connect_args={
            "timeout": PATIENCE,
            "command_timeout": 35,
            "server_settings": {"application_name": "rosey", "timezone": "UTC"},
        },
        **pool,
    )
