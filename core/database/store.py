"""One database, SQLite or PostgreSQL, behind the same doors.

`read` and `write` lend a connection for as long as a block lasts. `look` and `transact` run one
piece of work that waits for nothing else; in SQLite that is a single step in another thread.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.util import await_only

from core.database.local import Local, Work
from core.database.problems import Refusal, in_our_words
from core.errors import UserError
from rosey.contracts.storage import Code

FILE_NAME = "rosey.db"
VARIABLE = "ROSEY_DATABASE_URL"
# Of a connection that writes nothing.
READING = "rosey_reading"
BEGIN = "BEGIN IMMEDIATE"
# Whoever asks hears within two seconds that the database is away.
PATIENCE = 1.5
CONNECTIONS = 8
BUSY = "The database is busy; try again."
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


Found = TypeVar("Found")


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
        self._one_writer = asyncio.Semaphore(1)
        self._readers = asyncio.Semaphore(CONNECTIONS)
        self.local = _local(url) if self.is_sqlite else None

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
        turn = _turn(self._one_writer) if self.is_sqlite else nullcontext()
        async with in_our_words(), turn, self.engine.begin() as connection:
            yield connection

    async def look(self, work: Work[Found]) -> Found:
        """What `work` finds, as by `read`; it may wait for nothing but its connection."""
        if self.local is None:
            async with self.read() as connection:
                return await work(connection)
        async with in_our_words(), _turn(self._readers):
            return await self.local.read(work, **self._reading)

    async def transact(self, work: Work[Found]) -> Found:
        """What `work` does, as by `write`; it may wait for nothing but its connection."""
        if self.local is None:
            async with self.write() as connection:
                return await work(connection)
        async with in_our_words(), _turn(self._one_writer):
            return await self.local.write(work)

    async def close(self) -> None:
        if self.local is not None:
            await self.local.close()
        await self.engine.dispose()
        await self.apart.dispose()


@asynccontextmanager
async def _turn(turns: asyncio.Semaphore) -> AsyncIterator[None]:
    """Nobody waits for one longer than PATIENCE. Raises Refusal."""
    try:
        async with asyncio.timeout(PATIENCE):
            await turns.acquire()
    except TimeoutError:
        raise Refusal(Code.UNAVAILABLE, BUSY) from None
    try:
        yield
    finally:
        turns.release()


def _local(url: URL) -> Local:
    """Its connections go from thread to thread, one thread at a time."""
    threads = CONNECTIONS + 1  # all who may read, and the one who writes
    engine = create_engine(
        url.set(drivername="sqlite"),
        connect_args={
            "isolation_level": None,
            "timeout": PATIENCE,
            "check_same_thread": False,
        },
        pool_size=threads,
        max_overflow=0,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_locally)
    return Local(engine, threads)


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
        # Now and then somebody does it who is not waited for (core/database/sweep.py); a writer
        # has to only when the log is 80 MB long.
        "wal_autocheckpoint = 20000",
        "foreign_keys = ON",
        f"busy_timeout = {int(PATIENCE * 1000)}",
        "case_sensitive_like = ON",
    ):
        cursor.execute(f"PRAGMA {words}")
    cursor.close()
    connection.create_function("rosey_lower", 1, small, deterministic=True)


def _begin_sqlite(connection: Connection) -> None:
    if _will_write(connection):
        # Straight to the driver's thread: one step instead of three.
        driver: Any = connection.connection.driver_connection
        await_only(driver.execute(BEGIN))


def _begin_locally(connection: Connection) -> None:
    if _will_write(connection):
        connection.exec_driver_sql(BEGIN)


def _will_write(connection: Connection) -> bool:
    """Who only reads begins nothing and waits for no writer.

    Who will write says so at once, or two that read first could never both go on.
    """
    options = connection.get_execution_options()
    return READING not in options and options.get("isolation_level") != "AUTOCOMMIT"


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
