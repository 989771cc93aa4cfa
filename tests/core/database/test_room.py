"""The room-level adapter keeps its contract on both databases, and so does the queue's."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.engine import URL, make_url

from core.database.desk import Desk
from core.database.migrations import Migrations
from core.database.room import SqlRoomStorage, in_process
from core.database.service import parts
from core.database.store import Store
from core.database.writes import Writer
from core.plugins import MIGRATIONS
from rosey.bus import Bus
from rosey.contracts.playlist import Item
from rosey.storage import Database, StorageError
from rosey.storage.queue import QueueStorage
from rosey.storage.room import DatabaseRoomStorage, RoomStorage
from tests.core.database.conftest import empty_postgres
from tests.core.database.processes import database_process
from tests.rosey.storage.room_contract import HERE, RoomContract, line
from tests.servers import NatsServer

AT = datetime(2026, 5, 3, 12, 0, 0, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> URL:
    if request.param == "sqlite":
        return make_url(f"sqlite+aiosqlite:///{tmp_path / 'room.db'}")
    return (await empty_postgres(request.getfixturevalue("postgres"))).url


class TestOnADatabase(RoomContract):
    @pytest.fixture
    async def storage(self, url: URL) -> AsyncIterator[RoomStorage]:
        storage = SqlRoomStorage(url)
        await storage.connect()
        yield storage
        await storage.close()


class TestOverTheBus(RoomContract):
    @pytest.fixture
    async def storage(self, nats: NatsServer, tmp_path: Path) -> AsyncIterator[RoomStorage]:
        with database_process(nats.url, tmp_path / "data"):
            bus = await Bus.connect(nats.url, "recorder")
            storage = DatabaseRoomStorage(Database.on(bus, "core"))
            await storage.connect()
            yield storage
            await storage.close()
            await bus.drain()


async def test_what_was_saved_is_there_the_next_time(url: URL) -> None:
    first = SqlRoomStorage(url)
    await first.connect()
    await first.save_message(line("remember me"))
    await first.close()
    second = SqlRoomStorage(url)
    await second.connect()
    assert [each.text for each in await second.get_recent_messages(HERE)] == ["remember me"]
    await second.close()


def item(title: str) -> Item:
    return Item(
        id=f"i-{title}",
        type="yt",
        media_id=f"id of {title}",
        title=title,
        seconds=61.5,
        added_by="bob",
        added_at=AT,
    )


@pytest.fixture
async def queue(store: Store) -> QueueStorage:
    """On the playlist's own tables."""
    migrations = Migrations(store, MIGRATIONS, {})
    await migrations.upgrade()
    desk = Desk(parts(store, Writer(store), migrations))
    return QueueStorage(Database(in_process(desk, "playlist")))


async def test_a_queue_comes_back_in_its_order(queue: QueueStorage) -> None:
    items = [item(f"film {number}") for number in (3, 1, 2)]
    await queue.save_queue(HERE, items)
    await queue.save_queue("lounge/den", [item("elsewhere")])
    assert await queue.load_queue(HERE) == items
    await queue.save_queue(HERE, items[1:])
    assert await queue.load_queue(HERE) == items[1:]
    await queue.clear_queue(HERE)
    assert await queue.load_queue(HERE) == []
    assert len(await queue.load_queue("lounge/den")) == 1


async def test_a_long_queue_is_one_whole(queue: QueueStorage) -> None:
    items = [item(f"film {number}") for number in range(2_100)]
    await queue.save_queue(HERE, items)
    assert await queue.load_queue(HERE) == items
    await queue.save_queue(HERE, [])
    assert await queue.load_queue(HERE) == []


async def test_a_queue_that_cannot_be_saved_leaves_the_old_one(queue: QueueStorage) -> None:
    await queue.save_queue(HERE, [item("old")])
    with pytest.raises(StorageError, match="255 characters"):
        await queue.save_queue(HERE, [item("new"), item("x" * 300)])
    assert await queue.load_queue(HERE) == [item("old")]


async def test_a_row_of_an_earlier_release_becomes_an_item(
    queue: QueueStorage, store: Store
) -> None:
    old = (
        "INSERT INTO playlist_queue (channel, position, media_type, media_id, title, added_by, "
        "added_at) VALUES ('a/b', 0, 'yt', 'x', 'Old', 'bob', '2026-05-03 12:00:00.000000')"
    )
    async with store.write() as connection:
        await connection.exec_driver_sql(old)
    (found,) = await queue.load_queue("a/b")
    assert found.id.startswith("i-")
    assert (found.title, found.thumbnail, found.parked) == ("Old", "", False)
    assert await queue.load_queue("a/b") == [found]
