"""All the work of one request is one step in SQLite's own threads."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text

from core.database import store as stores
from core.database.local import Executes, Step
from core.database.problems import Refusal
from core.database.store import CONNECTIONS, Store
from rosey.contracts.storage import Code
from tests.core.database.conftest import sqlite_store

COUNT = text("SELECT count(*) FROM a")
INSERT = text("INSERT INTO a VALUES (1)")
# Counts for minutes unless it is interrupted.
LONG = text(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000)"
    " SELECT count(*) FROM n"
)


@pytest.fixture
async def made(sqlite: Store) -> Store:
    async with sqlite.write() as connection:
        await connection.execute(text("CREATE TABLE a (b integer)"))
    return sqlite


async def count(connection: Executes) -> int:
    return int((await connection.execute(COUNT)).scalar_one())


async def test_what_is_done_is_kept_and_seen(made: Store) -> None:
    async def work(connection: Executes) -> int:
        await connection.execute(INSERT)
        return await count(connection)

    assert await made.transact(work) == 1
    assert await made.look(count) == 1


async def test_nothing_is_kept_of_work_that_fails(made: Store) -> None:
    async def work(connection: Executes) -> None:
        await connection.execute(INSERT)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await made.transact(work)
    assert await made.look(count) == 0


async def test_work_may_not_wait_for_other_things(made: Store) -> None:
    async def work(connection: Executes) -> None:
        await connection.execute(INSERT)
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="waits for something besides its connection"):
        await made.transact(work)
    assert await made.look(count) == 0


async def test_work_that_nobody_waits_for_any_more_is_ended(made: Store) -> None:
    began = asyncio.Event()
    loop = asyncio.get_running_loop()

    async def work(connection: Executes) -> None:
        await connection.execute(INSERT)
        loop.call_soon_threadsafe(began.set)
        await connection.execute(LONG)

    writing = asyncio.create_task(made.transact(work))
    await asyncio.wait_for(began.wait(), 10)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(writing, 10)
    assert await made.transact(count) == 0, "the next one has its turn, and nothing was kept"


async def test_work_that_nobody_waits_for_before_it_begins_is_not_done(made: Store) -> None:
    step = Step()
    step.interrupt()
    assert made.local
    with made.local.engine.connect() as connection, pytest.raises(asyncio.CancelledError):
        step.run(connection, count)


async def test_nobody_waits_for_a_turn_for_ever(
    made: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "PATIENCE", 0.05)
    reading = [asyncio.create_task(made.look(_read_long)) for _ in range(CONNECTIONS)]
    async with asyncio.timeout(10):
        while not made._readers.locked():
            await asyncio.sleep(0.01)
    with pytest.raises(Refusal, match="busy") as busy:
        await made.look(count)
    assert busy.value.code is Code.UNAVAILABLE
    assert await made.transact(count) == 0, "who writes has a thread of his own"
    for task in reading:
        task.cancel()
    await asyncio.gather(*reading, return_exceptions=True)
    assert await made.look(count) == 0


async def test_the_file_can_go_when_it_is_closed(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    await store.look(_one)
    await store.close()
    assert not list(tmp_path.glob("*-wal"))


async def _read_long(connection: Executes) -> None:
    await connection.execute(LONG)


async def _one(connection: Executes) -> int:
    return int((await connection.execute(text("SELECT 1"))).scalar_one())
