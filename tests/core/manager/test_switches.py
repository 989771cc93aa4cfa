"""Every switch of a plugin in a room is told once, with who did it."""

from functools import partial
from pathlib import Path

import pytest

from core.config import ChannelConfig, Config
from core.manager import keeper as keeping
from core.manager.keeper import Keeper
from core.manager.manager import _put, _switched
from rosey import streams, subjects
from rosey.events import PluginChange
from rosey.settings import SetHere, SetInRooms
from rosey.testing import MemoryBus
from tests.core.manager.desk import DEN, ROOM, Desk
from tests.core.manager.test_service import running
from tests.core.stage import stored
from tests.servers import until


def told(desk: Desk) -> list[tuple[str, str, str, str, str]]:
    """What was said of switches, in order."""
    kept = desk.bus.stored(streams.LIFECYCLE)
    changes = [PluginChange.read(one.data) for one in kept]
    assert [one.subject for one in kept] == [f"plugin.{one.event}" for one in changes]
    return [(one.event, one.plugin, one.channel, one.who, one.reason) for one in changes]


async def test_a_person_switches(desk: Desk) -> None:
    await desk.manager.switch("dice", ROOM, False, "alice")
    off = ("disabled", "dice", ROOM, "alice", "alice switched it off")
    assert told(desk) == [off]
    await desk.manager.switch("dice", ROOM, False, "bob")
    assert told(desk) == [off], "it was off already"
    await desk.manager.switch("dice-roller", ROOM, True, "bob")
    await desk.manager.switch("dice", ROOM, False, "alice")
    on = ("enabled", "dice", ROOM, "bob", "bob switched it on")
    assert told(desk) == [off, on, off]


async def test_what_else_is_set_is_no_switch(desk: Desk) -> None:
    await desk.keeper.change("dice", ROOM, partial(_put, "sides", 20, "alice"))
    desk.write(dice={"sides": 6})
    await desk.keeper.refresh()
    assert told(desk) == []


async def test_the_configuration_switches(desk: Desk) -> None:
    desk.write(dice=False)
    await desk.keeper.refresh()
    await desk.keeper.refresh()
    off = ("disabled", "dice", ROOM, "", "rosey.toml says so")
    assert told(desk) == [off]
    desk.config = Config(channels={DEN: ChannelConfig(plugins={"dice": False})})
    await desk.keeper.refresh()
    both = [
        ("disabled", "dice", DEN, "", "rosey.toml says so"),
        ("enabled", "dice", ROOM, "", "rosey.toml says so"),
    ]
    assert told(desk) == [off, *both]
    desk.write(dice=False)
    await desk.keeper.refresh()
    again = [("enabled", "dice", DEN, "", "rosey.toml says so"), off]
    assert told(desk) == [off, *both, *again]


async def test_what_a_person_chose_the_configuration_does_not_switch(desk: Desk) -> None:
    await desk.manager.switch("dice", ROOM, False, "alice")
    desk.write(dice=False)
    await desk.keeper.refresh()
    desk.write(dice=True)
    await desk.keeper.refresh()
    assert len(told(desk)) == 1


async def test_what_was_so_from_the_beginning_is_no_change() -> None:
    bus = MemoryBus()
    await bus.declare(["core"])
    config = Config(channels={ROOM: ChannelConfig(plugins={"dice": False})})
    await Keeper(bus, lambda: config, lambda: ["dice"]).refresh()
    assert bus.stored(streams.LIFECYCLE) == []
    await bus.drain()


async def test_the_first_switch_of_a_new_plugin_is_one(desk: Desk) -> None:
    desk.plugins = {**desk.plugins, "weather": desk.plugins["dice"]}
    await desk.keeper.change("weather", ROOM, partial(_switched, False, "alice"))
    assert told(desk) == [("disabled", "weather", ROOM, "alice", "alice switched it off")]


@pytest.mark.parametrize("by_hand", [True, False])
async def test_a_keeper_that_died_between_telling_and_doing_tells_it_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, by_hand: bool
) -> None:
    class Died(Exception):
        pass

    async def die(key: str, value: bytes, ttl: float | None = None) -> None:
        raise Died

    if by_hand:
        people = SetInRooms(rooms={ROOM: _switched(False, "alice", SetHere())})
        await desk.keeper._bucket.put(subjects.set_in_rooms("dice"), people.wire())
    else:
        desk.write(dice=False)
    with monkeypatch.context() as patch:
        patch.setattr(desk.keeper._bucket, "put", die)
        with pytest.raises(Died):
            await desk.keeper.refresh()
    assert len(told(desk)) == 1
    await desk.told(ROOM, "dice", {})
    await Keeper(desk.bus, lambda: desk.config, lambda: desk.plugins).refresh()
    await desk.told(ROOM, "dice", None)
    assert len(told(desk)) == 1


async def test_settings_that_make_no_sense_are_written_anew(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    await desk.keeper._bucket.put(subjects.in_force("dice"), b"nonsense")
    await desk.keeper.refresh()
    await desk.told(ROOM, "dice", {})
    assert "settings of dice cannot be read and are written anew" in caplog.text
    assert told(desk) == []


async def test_the_manager_has_the_right_to_tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "LOOK_EVERY", 0.05)
    async with running(tmp_path) as found:
        await until(lambda: found.rooms.of(DEN, "trivia") == {"seconds": 50})
        await found.ask("disable", name="dice", room=DEN)
        (tmp_path / "rosey.toml").write_text(f'[channels."{DEN}"]\nplugins.trivia = false\n')
        kept = await stored(found.router, streams.LIFECYCLE, 2)
        changes = [PluginChange.read(data) for _, data in kept]
        assert [(one.event, one.plugin, one.channel, one.who) for one in changes] == [
            ("disabled", "dice", DEN, "operator"),
            ("disabled", "trivia", DEN, ""),
        ]
