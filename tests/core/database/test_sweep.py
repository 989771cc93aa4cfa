"""What nobody needs any more is deleted."""

import asyncio
import logging
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from core.database import sweep as sweeping
from core.database.keys import Keys, now
from core.database.own_tables import audit, idempotency, keys
from core.database.problems import Away
from core.database.store import Store
from core.database.sweep import checkpoint, keep_checkpointing, sweep
from core.database.writes import Writer
from tests.core.database.clocks import Clock
from tests.core.database.own import prepare
from tests.servers import until

DAY = 86_400


async def sizes(store: Store) -> tuple[int, ...]:
    async with store.read() as connection:
        return tuple(
            [
                (await connection.execute(select(func.count()).select_from(table))).scalar_one()
                for table in (keys, idempotency, audit)
            ]
        )


async def test_what_is_over_is_deleted_and_nothing_else(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "AT_ONCE", 3)
    clock = Clock(monkeypatch)
    await prepare(store)
    part = Keys(store, Writer(store))
    for number in range(10):
        await part.perform("dice", "set", {"key": f"{number}", "value": 1, "ttl_seconds": 60})
    await part.perform("dice", "set", {"key": "stays", "value": 1})
    await part.perform("dice", "set", {"key": "longer", "value": 1, "ttl_seconds": 40 * DAY})
    for number in range(4):
        once = {"key": "n", "idempotency_key": f"{number}"}
        await part.perform("dice", "incr", once)
    assert await sweep(store) == 0
    assert await sizes(store) == (13, 4, 16)
    clock.go_on(60)
    assert await sweep(store) == 10
    assert await sizes(store) == (3, 4, 16)
    clock.go_on(DAY - 60)
    assert await sweep(store) == 4
    assert await sizes(store) == (3, 0, 16)
    clock.go_on(29 * DAY)
    await part.perform("dice", "set", {"key": "stays", "value": 2})
    assert await sweep(store) == 16
    assert await sizes(store) == (3, 0, 1)
    await part.close()


async def test_it_goes_on_when_the_database_was_away(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(sweeping, "EVERY", 0.01)
    await prepare(store)
    async with store.write() as connection:
        old = {"plugin": "dice", "key": "a", "value": "1", "expires_at": now() - 1}
        await connection.execute(insert(keys).values(old))
    failures = [Away("It rains.")]
    real = sweeping.sweep

    async def sometimes(store: Store) -> int:
        if failures:
            raise failures.pop()
        return await real(store)

    monkeypatch.setattr(sweeping, "sweep", sometimes)
    running = asyncio.create_task(sweeping.keep_sweeping(store))
    left = [1]

    async def count() -> None:
        while left[0]:
            [left[0], *_] = await sizes(store)

    await asyncio.wait_for(count(), 10)
    await until(lambda: "nothing was swept: It rains." in caplog.text)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_the_log_goes_into_the_file_while_somebody_reads(
    sqlite: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await prepare(sqlite)
    part = Keys(sqlite, Writer(sqlite))
    for number in range(20):
        await part.perform("dice", "set", {"key": f"{number}", "value": "x" * 10_000})
    assert sqlite.url.database
    file = Path(sqlite.url.database)
    before = file.stat().st_size
    async with sqlite.read() as connection:
        await connection.execute(select(func.count()).select_from(keys))
        monkeypatch.setattr(sweeping, "CHECKPOINT_EVERY", 0.01)
        task = asyncio.create_task(keep_checkpointing(sqlite))
        await until(lambda: file.stat().st_size >= before + 200_000)
        task.cancel()
    assert await checkpoint(sqlite) == 0
    await part.close()
