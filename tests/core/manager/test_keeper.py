"""What is set is kept, and everybody who looks knows what holds."""

import asyncio
from functools import partial

import pytest

from core.config import Config
from core.manager import keeper as keeping
from core.manager.keeper import Keeper
from core.manager.manager import _put, _switched, _without
from rosey import subjects
from rosey.settings import SetHere, SetInRooms
from rosey.testing import MemoryBus
from tests.core.manager.desk import DEN, ROOM, Desk


async def test_a_change_is_known_when_it_returns(desk: Desk) -> None:
    await desk.keeper.change("dice", ROOM, partial(_switched, False, "alice"))
    await desk.told(ROOM, "dice", None)
    await desk.told(DEN, "dice", {})
    await desk.keeper.change("dice", DEN, partial(_put, "sides", 20, "alice"))
    await desk.told(DEN, "dice", {"sides": 20})
    await desk.told(ROOM, "dice", None)


async def test_what_is_taken_back_leaves_no_trace(desk: Desk) -> None:
    await desk.keeper.change("dice", ROOM, partial(_put, "sides", 20, "alice"))
    await desk.told(ROOM, "dice", {"sides": 20})
    await desk.keeper.change("dice", ROOM, partial(_without, "sides"))
    assert (await desk.keeper.set_for("dice")) == SetInRooms()
    await desk.told(ROOM, "dice", {})


async def test_changes_at_the_same_time_do_not_undo_each_other(desk: Desk) -> None:
    names = [f"option{number}" for number in range(20)]
    await asyncio.gather(
        *(desk.keeper.change("dice", ROOM, partial(_put, name, 1, "alice")) for name in names)
    )
    await desk.told(ROOM, "dice", dict.fromkeys(names, 1))


async def test_a_keeper_that_died_halfway_is_mended_by_the_next(desk: Desk) -> None:
    """It had written what was set, and not yet what holds."""
    people = SetInRooms(rooms={ROOM: _switched(False, "alice", SetHere())})
    await desk.keeper._bucket.put(subjects.set_in_rooms("dice"), people.wire())
    await desk.told(ROOM, "dice", {})
    await Keeper(desk.bus, lambda: desk.config, lambda: desk.plugins).refresh()
    await desk.told(ROOM, "dice", None)


async def test_it_follows_the_configuration_and_new_plugins(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "LOOK_EVERY", 0.01)
    following = asyncio.create_task(desk.keeper.follow())
    desk.write(dice=False, trivia={"seconds": 9})
    await desk.told(ROOM, "dice", None)
    await desk.told(ROOM, "trivia", {"seconds": 9})
    desk.write(dice={"sides": 3}, weather=False)
    await desk.told(ROOM, "dice", {"sides": 3})
    await desk.told(ROOM, "weather", {})
    desk.plugins = {**desk.plugins, "weather": desk.plugins["dice"]}
    await desk.told(ROOM, "weather", None)
    following.cancel()


async def test_nothing_is_written_that_is_there_already() -> None:
    bus = MemoryBus()
    await bus.declare()
    keeper = Keeper(bus, Config, lambda: ["dice"])
    await keeper.refresh()
    changes: list[str] = []
    await bus.bucket(subjects.SETTINGS_BUCKET).watch(lambda key, value: changes.append(key))
    await keeper.refresh()
    assert changes == []
    await bus.drain()


async def test_what_cannot_be_read_counts_as_nothing(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    await desk.keeper._bucket.put(subjects.set_in_rooms("dice"), b"nonsense")
    assert await desk.keeper.set_for("dice") == SetInRooms()
    assert "what was set for dice cannot be read" in caplog.text
