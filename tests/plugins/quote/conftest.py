"""Every test of quote's commands runs in memory, and through the real service on SQLite."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from core.database.desk import Desk
from core.database.migrations import Migrations
from core.database.room import in_process
from core.database.service import parts
from core.database.store import Store
from core.database.writes import Writer
from core.plugins import MIGRATIONS, manifests
from rosey.storage import Database
from tests.plugins.quote.stage import InMemory, Room


@pytest.fixture(params=["memory", "sqlite"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    if request.param == "memory":
        yield InMemory().client
        return
    store = Store(make_url(f"sqlite+aiosqlite:///{tmp_path / 'rosey.db'}"))
    migrations = Migrations(store, MIGRATIONS, manifests())
    await migrations.upgrade()
    yield Database(in_process(Desk(parts(store, Writer(store), migrations)), "quote"))
    await store.close()


@pytest.fixture
async def room(database: Database, tmp_path: Path) -> AsyncIterator[Room]:
    room = Room(database, tmp_path / "plugins" / "quote")
    yield room
    await room.bus.drain()
