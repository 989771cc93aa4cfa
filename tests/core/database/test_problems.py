"""What goes wrong with a real database is named plainly, and is over when it is over."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core.database import pulse as pulses
from core.database.keys import Keys
from core.database.problems import Away, Refusal, refusal
from core.database.pulse import NOT_YET, Pulse
from core.database.store import Store
from core.database.writes import Writer
from rosey.contracts.storage import Code
from tests.core.database.conftest import empty_postgres, sqlite_store
from tests.core.database.own import prepare
from tests.core.database.processes import stopped
from tests.postgres_server import PASSWORD, PostgresServer, postgres_server


class Room:
    """A database with keys and somebody who looks at it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.keys = Keys(store, Writer(store))
        self.told: list[tuple[bool, str]] = []
        self.pulse = Pulse(store, lambda: prepare(store), self._tell)

    async def _tell(self, ok: bool, what: str) -> None:
        self.told.append((ok, what))

    async def set(self, value: Any = 1) -> None:
        await self.keys.perform("dice", "set", {"key": "a", "value": value})

    async def get(self) -> Any:
        return (await self.keys.perform("dice", "get", {"key": "a"}))["value"]

    async def refused(self, value: Any = 1) -> str:
        """What a write is told, which must come in time."""
        began = asyncio.get_running_loop().time()
        with pytest.raises(Away) as away:
            await self.set(value)
        assert asyncio.get_running_loop().time() - began < 2
        assert away.value.code is Code.UNAVAILABLE
        self.pulse.note(away.value)
        return str(away.value)

    async def sees(self, what: str) -> None:
        await self.pulse.look()
        assert self.pulse.problem is not None
        assert what in self.pulse.problem
        assert self.told[-1] == (False, self.pulse.problem)

    async def is_well(self) -> None:
        await self.pulse.look()
        assert self.pulse.problem is None
        assert self.told[-1][0] is True
        await self.set("well")
        assert await self.get() == "well"


@asynccontextmanager
async def room(store: Store) -> AsyncIterator[Room]:
    room = Room(store)
    try:
        yield room
    finally:
        await room.keys.close()
        await room.pulse.close()
        await store.close()


@pytest.fixture
async def small(tmp_path: Path) -> AsyncIterator[Room]:
    """On SQLite."""
    async with room(sqlite_store(tmp_path)) as here:
        await here.pulse.look()
        yield here


@pytest.fixture
async def large(postgres: PostgresServer) -> AsyncIterator[Room]:
    """On PostgreSQL."""
    async with room(await empty_postgres(postgres)) as here:
        await here.pulse.look()
        yield here


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A server that only this test hurts."""
    with postgres_server() as server:
        yield server


async def test_a_locked_file(small: Room, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "test.db", isolation_level=None)
    await small.set("before")
    other.execute("BEGIN IMMEDIATE")
    assert await small.refused() == "The database file is locked by another program."
    assert await small.get() == "before", "who reads does not wait for who writes"
    await small.sees("locked by another program")
    other.execute("ROLLBACK")
    other.close()
    await small.is_well()


def _at_every_checkout(store: Store, hook: Callable[..., None]) -> None:
    """Whoever uses the file: the threads that work on it, and the driver that is waited for."""
    assert store.local
    for engine in (store.engine.sync_engine, store.local.engine):
        event.listen(engine, "checkout", hook)


async def test_a_full_disk(small: Room) -> None:
    limits: list[int] = []

    def limit(connection: Any, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {limits[-1]}")

    # Takes the pages that the first look has left free.
    await small.keys.perform("dice", "set", {"key": "b", "value": "x" * 65_000})
    await small.set()
    async with small.store.read() as connection:
        pages = (await connection.execute(text("PRAGMA page_count"))).scalar_one()
    _at_every_checkout(small.store, limit)
    limits.append(pages + 2)
    assert await small.refused("x" * 60_000) == "The disk of the database is full."
    await small.sees("is full")
    assert await small.get() == 1
    limits.append(1_000_000)
    await small.is_well()


async def test_a_file_that_cannot_be_written(small: Room) -> None:
    only = ["ON"]

    def choose(connection: Any, *_: object) -> None:
        connection.execute(f"PRAGMA query_only = {only[0]}")

    _at_every_checkout(small.store, choose)
    assert (await small.refused()).startswith("The database file cannot be used: attempt to write")
    await small.sees("attempt to write a readonly database")
    only[0] = "OFF"
    await small.is_well()


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "test.db").write_bytes(b"a shopping list, not a database " * 100)
    async with room(sqlite_store(tmp_path)) as here:
        await here.sees("The database file is broken: file is not a database.")
        (tmp_path / "test.db").unlink()
        await here.is_well()


async def test_a_folder_where_the_file_should_be(tmp_path: Path) -> None:
    (tmp_path / "test.db").mkdir()
    async with room(sqlite_store(tmp_path)) as here:
        await here.sees("The database file cannot be used: unable to open database file.")
        (tmp_path / "test.db").rmdir()
        await here.is_well()


async def test_a_wrong_password(postgres: PostgresServer) -> None:
    secret = "geheim-4711"
    url = make_url(postgres.url()).set(drivername="postgresql+asyncpg", password=secret)
    async with room(Store(url)) as here:
        await here.sees("The database does not take our user name or password")
        with pytest.raises(Away) as away:
            await here.get()
        for said in (str(away.value), str(here.told), str(here.store.url), repr(here.store.url)):
            assert secret not in said
            assert PASSWORD not in said


async def test_a_missing_database(postgres: PostgresServer) -> None:
    url = make_url(postgres.url("nowhere")).set(drivername="postgresql+asyncpg")
    async with room(Store(url)) as here:
        await here.sees('no such database: database "nowhere" does not exist')
        admin = await asyncpg.connect(postgres.url())
        await admin.execute("CREATE DATABASE nowhere")
        await admin.close()
        await here.is_well()


async def test_killed_connections(large: Room, postgres: PostgresServer) -> None:
    await large.set("before")
    assert await large.get() == "before"
    admin = await asyncpg.connect(postgres.url())
    killed = await admin.fetchval(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = $1",
        large.store.url.database,
    )
    await admin.close()
    assert killed >= 2
    assert await large.get() == "before", "who reads asks again by a new connection"
    assert await large.refused() == "The connection to the database was lost."
    await large.is_well()


async def test_only_reading_is_allowed(large: Room, postgres: PostgresServer) -> None:
    async def say(words: str) -> None:
        admin = await asyncpg.connect(postgres.url())
        await admin.execute(f"ALTER DATABASE {large.store.url.database} {words}")
        await admin.close()
        await large.store.engine.dispose()

    await say("SET default_transaction_read_only = on")
    assert (await large.refused()).startswith("The database can only be read: ")
    await say("RESET default_transaction_read_only")
    await large.is_well()


async def test_a_server_that_is_stopped(own_server: PostgresServer) -> None:
    async with room(await empty_postgres(own_server)) as here:
        await here.pulse.look()
        await here.set("before")
        own_server.stop()
        first = await here.refused()
        assert first in ("The connection to the database was lost.", await here.refused())
        assert "The database cannot be reached: " in await here.refused()
        await here.sees("cannot be reached")
        own_server.start()
        assert await here.get() == "before"
        await here.is_well()


async def test_a_server_that_hangs(own_server: PostgresServer) -> None:
    async with room(await empty_postgres(own_server)) as here:
        await here.is_well()
        with stopped(own_server):
            began = asyncio.get_running_loop().time()
            await here.sees("The database does not answer.")
            assert asyncio.get_running_loop().time() - began < 1
            with pytest.raises(Away, match="does not answer"):
                await here.get()
            assert asyncio.get_running_loop().time() - began < 3
        await here.is_well()


async def test_away_at_the_start(own_server: PostgresServer) -> None:
    own_server.stop()
    url = make_url(own_server.url()).set(drivername="postgresql+asyncpg")
    async with room(Store(url)) as here:
        assert here.pulse.problem == NOT_YET
        await here.sees("cannot be reached")
        assert not here.pulse.is_prepared
        own_server.start()
        await here.is_well()
        assert here.pulse.is_prepared


async def test_what_lasts_is_told_again(
    small: Room, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert small.told == [(True, "The database is well again.")]
    await small.pulse.look()
    assert len(small.told) == 1
    monkeypatch.setattr(small.pulse, "_write", fails)
    small.pulse.note(Away("It rains."))
    for _ in range(2):
        await small.pulse.look()
    assert small.told[1:] == [(False, "It pours.")]
    monkeypatch.setattr(pulses, "TELL_AGAIN", 0.0)
    await small.pulse.look()
    assert small.told[1:] == [(False, "It pours.")] * 2
    monkeypatch.undo()
    for _ in range(2):
        await small.pulse.look()
    assert small.told[3:] == [(True, "The database is well again.")]


async def fails() -> None:
    raise Away("It pours.")


async def test_a_passing_thing_is_not_told(small: Room) -> None:
    small.pulse.note(Away("A connection was lost."))
    assert small.pulse.problem == "A connection was lost."
    await small.pulse.look()
    assert small.told == [(True, "The database is well again.")]


async def test_a_mistake_while_looking_is_told_as_such(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def wrong() -> None:
        raise KeyError("x")

    async with room(sqlite_store(tmp_path)) as here:
        here.pulse = Pulse(here.store, wrong, here._tell)
        await here.sees("The database cannot be used; the service's log says why.")
        assert "the database could not be looked at" in caplog.text


async def test_it_looks_again_and_again_and_at_once_when_told(
    small: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = asyncio.Event()

    async def look() -> None:
        looked.set()

    monkeypatch.setattr(small.pulse, "look", look)
    monkeypatch.setattr(pulses, "BEAT", 3600.0)
    running = asyncio.create_task(small.pulse.run())
    small.pulse.note(Away("x"))
    await asyncio.wait_for(looked.wait(), 5)
    running.cancel()
    looked.clear()
    monkeypatch.setattr(pulses, "BEAT", 0.001)
    running = asyncio.create_task(small.pulse.run())
    await asyncio.wait_for(looked.wait(), 5)
    running.cancel()


def postgres_error(state: str) -> Exception:
    return asyncpg.PostgresError.new({"C": state, "M": "its words", "S": "ERROR"})


def sqlite_error(name: str) -> sqlite3.Error:
    error = sqlite3.OperationalError("its words")
    error.sqlite_errorname = name
    return error


@pytest.mark.parametrize(
    ("problem", "code", "is_away", "said"),
    [
        (postgres_error("53100"), Code.UNAVAILABLE, True, "disk of the database is full"),
        (postgres_error("53300"), Code.UNAVAILABLE, True, "no more connections"),
        (postgres_error("57P03"), Code.UNAVAILABLE, True, "not ready: its words"),
        (postgres_error("42501"), Code.UNAVAILABLE, True, "does not let our user"),
        (postgres_error("40P01"), Code.UNAVAILABLE, False, "try again"),
        (postgres_error("57014"), Code.TIMEOUT, False, "took too long"),
        (postgres_error("22003"), Code.VALIDATION_ERROR, False, "its words"),
        (postgres_error("23505"), Code.CONFLICT, False, "its own"),
        (postgres_error("23502"), Code.VALIDATION_ERROR, False, "null"),
        (asyncpg.InternalClientError("x"), Code.UNAVAILABLE, True, "was lost"),
        (sqlite_error("SQLITE_IOERR_WRITE"), Code.UNAVAILABLE, True, "cannot be read or written"),
        (sqlite_error("SQLITE_CORRUPT"), Code.UNAVAILABLE, True, "is broken: its words"),
        (sqlite_error("SQLITE_INTERRUPT"), Code.TIMEOUT, False, "took too long"),
        (sqlite3.OperationalError("integer overflow"), Code.VALIDATION_ERROR, False, "too large"),
        (PoolTimeout(), Code.UNAVAILABLE, False, "busy"),
        (TimeoutError(), Code.UNAVAILABLE, True, "does not answer"),
        (OSError(111, "Connection refused"), Code.UNAVAILABLE, True, "Connection refused"),
        (OSError(), Code.UNAVAILABLE, True, "OSError"),
    ],
)
def test_a_plain_sentence(problem: Exception, code: Code, is_away: bool, said: str) -> None:
    ours = refusal(problem)
    assert isinstance(ours, Refusal)
    assert (ours.code, isinstance(ours, Away)) == (code, is_away)
    assert said in str(ours)
    assert str(ours).endswith((".", "try again.", "ROSEY_DATABASE_URL."))


@pytest.mark.parametrize("problem", [KeyError("x"), sqlite_error("SQLITE_ERROR")])
def test_our_own_mistakes_are_not_the_databases(problem: Exception) -> None:
    assert refusal(problem) is None
    assert refusal(postgres_error("42P01")) is None
