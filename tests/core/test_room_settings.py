"""What a router and a plugin take for a room's settings."""

import pytest

from core.config import ChannelConfig, Config
from core.room_settings import RoomSettings
from rosey import subjects
from rosey.settings import InForce, SetInRooms
from rosey.testing import MemoryBus
from tests.servers import until

CONFIG = Config(channels={"a/b": ChannelConfig(plugins={"dice": False, "trivia": {"seconds": 9}})})


async def test_the_bus_is_asked_first_and_the_file_where_it_is_silent(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bus = MemoryBus()
    await bus.declare()
    rooms = RoomSettings(lambda: CONFIG)
    bucket = bus.bucket(subjects.SETTINGS_BUCKET)
    await bucket.put("now.dice", InForce(rooms={"a/b": {"sides": 3}, "*": False}).wire())
    await bucket.put("set.trivia", SetInRooms().wire())
    assert rooms.of("a/b", "dice") is None
    await rooms.follow(bus)
    assert rooms.of("a/b", "dice") == {"sides": 3}
    assert rooms.of("a/c", "dice") is None
    assert rooms.of("a/b", "trivia") == {"seconds": 9}
    assert rooms.of("a/c", "trivia") == {}
    await bucket.put("now.trivia", InForce(rooms={"*": {}}).wire())
    await until(lambda: rooms.of("a/b", "trivia") == {})
    # What cannot be read leaves what was; what is gone leaves the file.
    await bucket.put("now.trivia", b"nonsense")
    await bucket.delete("now.dice")
    await until(lambda: rooms.of("a/b", "dice") is None)
    assert rooms.of("a/c", "dice") == {}
    assert rooms.of("a/b", "trivia") == {}
    assert "the settings of plugin trivia cannot be read" in caplog.text
    await bus.drain()
