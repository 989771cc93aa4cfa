"""`!quote last`, with the room's memory played."""

import pytest

from plugins.quote.commands import plugin
from rosey.contracts.memory import LAST_LINE, LastLine
from rosey.testing import Room

pytestmark = pytest.mark.in_memory


async def test_somebody_who_has_said_nothing() -> None:
    async with Room(plugin) as room:
        room.offers(LAST_LINE, LastLine())
        [line] = await room.says("alice", "!quote last bob")
        assert "bob" in line


async def test_the_memory_is_away() -> None:
    async with Room(plugin) as room:
        [line] = await room.says("alice", "!quote last bob")
        assert "try again" in line.lower()
