"""Every test of the database service runs on SQLite and on a real PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from core.database.store import Store
from tests.postgres_server import PostgresServer, postgres_server

_numbers = count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        store = sqlite_store(tmp_path)
    else:
        store = await empty_postgres(request.getfixturevalue("postgres"))
    yield store
    await store.close()


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[Store]:
    """An empty file of SQLite's."""
    store = sqlite_store(tmp_path)
    yield store
    await store.close()


def sqlite_store(folder: Path) -> Store:
    return Store(make_url(f"sqlite+aiosqlite:///{folder / 'test.db'}"))


async def empty_postgres(server: PostgresServer) -> Store:
    name = f"test{next(_numbers)}"
    connection = await asyncpg.connect(server.url())
    try:
        await connection.execute(f"CREATE DATABASE {name}")
    finally:
        await asyncio.wait_for(connection.close(), 5)
    return Store(make_url(server.url(name)).set(drivername="postgresql+asyncpg"))
