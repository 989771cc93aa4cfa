"""Every RoomStorage of the kit keeps the contract."""

from datetime import timedelta

import pytest

from rosey.storage import Unavailable
from rosey.storage.room import (
    DatabaseRoomStorage,
    MemoryRoomStorage,
    NoOpStorage,
    RoomStorage,
    UserStats,
)
from tests.room_database import RoomDatabase
from tests.rosey.storage.room_contract import AT, HERE, RoomContract, action, line


class TestRoomStorage(RoomContract):
    @pytest.fixture(params=["memory", "database"])
    async def storage(self, request: pytest.FixtureRequest) -> RoomStorage:
        storage: RoomStorage = MemoryRoomStorage()
        if request.param == "database":
            storage = DatabaseRoomStorage(RoomDatabase().client)
        await storage.connect()
        return storage


async def test_nothing_is_kept_by_the_one_that_keeps_nothing() -> None:
    storage: RoomStorage = NoOpStorage()
    await storage.connect()
    await storage.save_message(line("hello"))
    await storage.save_user_action(action("join"))
    await storage.update_channel_stats(HERE, 3, AT)
    assert await storage.get_recent_messages(HERE) == []
    assert await storage.get_top_talkers(HERE) == []
    assert await storage.get_user_stats(HERE, "bob") is None
    assert await storage.get_channel_stats(HERE) is None
    await storage.close()


async def test_a_database_that_is_away_is_no_connection() -> None:
    database = RoomDatabase()
    database.away = True
    with pytest.raises(Unavailable):
        await DatabaseRoomStorage(database.client).connect()


def test_time_connected_includes_the_visit_that_goes_on() -> None:
    person = UserStats(channel=HERE, username="bob", seconds_connected=10)
    assert person.connected(AT) == 10
    person.online_since = AT - timedelta(seconds=5)
    assert person.connected(AT) == 15
    assert person.connected(AT - timedelta(hours=1)) == 10
