"""What dice answers in a room."""

import re
from collections.abc import AsyncIterator

import pytest

from plugins.dice.commands import plugin
from rosey.testing import Room


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    async with Room(plugin) as room:
        yield room


async def test_dice_fall_and_are_shown(room: Room) -> None:
    (line,) = await room.says("alice", "!roll 3d6+1")
    assert re.fullmatch(r"🎲 \[[1-6], [1-6], [1-6]\] \+ 1 = [0-9]+", line)
    (line,) = await room.says("bob", "!coin")
    assert line in ("🪙 Heads", "🪙 Tails")
    assert await room.says("bob", "!roll a cat") == [
        "I cannot read “a cat” as dice. Try 2d6+3, 4d6kh3 or adv."
    ]


@pytest.mark.in_memory
async def test_a_roll_is_published_and_nothing_else(room: Room) -> None:
    (line,) = await room.says("alice", "!roll 3d6+1")
    (event,) = room.events
    assert event.name == "roll_performed"
    assert set(event.data) == {"count", "sides", "total"}
    assert (event.data["count"], event.data["sides"]) == (3, 6)
    assert line.endswith(f" = {event.data['total']}")
    await room.says("alice", "!flip")
    await room.says("alice", "!roll a cat")
    assert len(room.events) == 1


@pytest.mark.in_memory
async def test_without_notation_one_die_falls(room: Room) -> None:
    assert len(await room.says("alice", "!dice")) == 1
    (event,) = room.events
    assert (event.data["count"], event.data["sides"]) == (1, 6)


@pytest.mark.in_memory
async def test_a_seed_decides_what_falls() -> None:
    lines = []
    for seed in (1, 1, 2):
        async with Room(plugin, seed=seed) as room:
            lines.append(await room.says("alice", "!roll 20d1000"))
    assert lines[0] == lines[1] != lines[2]


@pytest.mark.in_memory
async def test_who_asks_in_private_is_answered_in_private(room: Room) -> None:
    (line,) = await room.whispers("alice", "!roll")
    assert line.to == "alice"
