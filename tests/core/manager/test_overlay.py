"""What is set in a room lies over what rosey.toml says of it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from core.config import ChannelConfig, Config
from core.manager.overlay import in_force, is_on, options, source
from rosey.settings import Chosen, InForce, SetHere, SetInRooms
from tests.core.manager.desk import DEN, ROOM

NOW = datetime(2026, 5, 3, tzinfo=UTC)


def chosen(value: Any) -> Chosen:
    return Chosen(value=value, by="alice", at=NOW)


def file(plugins: dict[str, Any]) -> Config:
    return Config(channels={ROOM: ChannelConfig(plugins=plugins)})


def here(on: bool | None = None, **own: Any) -> SetInRooms:
    fields = {name: chosen(value) for name, value in own.items()}
    switch = None if on is None else chosen(on)
    return SetInRooms(rooms={ROOM: SetHere(on=switch, options=fields)})


@pytest.mark.parametrize(
    ("written", "people", "holds"),
    [
        ({}, SetInRooms(), {}),
        ({"trivia": True}, SetInRooms(), {}),
        ({"trivia": {"seconds": 5}}, SetInRooms(), {"seconds": 5}),
        ({"trivia": False}, SetInRooms(), None),
        ({"dice": False}, SetInRooms(), {}),
        ({}, here(on=False), None),
        ({}, here(on=False, seconds=7), None),
        ({"trivia": {"seconds": 5}}, here(on=False), None),
        ({"trivia": False}, here(on=True), {}),
        ({"trivia": False}, here(seconds=7), None),
        ({"trivia": False}, here(on=True, seconds=7), {"seconds": 7}),
        ({"trivia": {"seconds": 5, "tries": 2}}, here(seconds=7), {"seconds": 7, "tries": 2}),
        ({}, here(seconds=None), {"seconds": None}),
    ],
)
def test_the_room_s_own_word_wins(
    written: dict[str, Any], people: SetInRooms, holds: dict[str, Any] | None
) -> None:
    config = file(written)
    told = InForce.read(in_force(config, "trivia", SetInRooms.read(people.wire())).wire())
    assert told.of(ROOM) == holds
    assert told.of(DEN) == {}
    assert is_on(config, "trivia", ROOM, people) is (holds is not None)
    if holds is not None:
        assert options(config, "trivia", ROOM, people) == holds


def test_every_value_has_a_source() -> None:
    config, people = file({"trivia": {"tries": 2, "seconds": 5}}), here(seconds=7)
    sources = [
        source(config, "trivia", ROOM, people, name) for name in ("seconds", "tries", "hints")
    ]
    assert sources == ["set here by alice", "rosey.toml", "default"]
    assert source(config, "trivia", DEN, people, "seconds") == "default"
