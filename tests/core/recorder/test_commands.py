"""!stats, !seen and !top, from the room to the tables and back."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from core.plugins import ROOM, load
from core.recorder import commands
from core.router import router
from rosey import subjects
from rosey.bus import Incoming
from rosey.storage.operations import counted
from rosey.testing import MemoryBus
from tests.core.stage import ROOM as HERE
from tests.core.stage import Stage
from tests.room_database import RoomDatabase
from tests.servers import until

NOW = datetime.now(UTC)


class Memory(Stage):
    """The room, the router, and the recorder's commands over a database in memory."""

    def __init__(self) -> None:
        super().__init__(MemoryBus())
        self.database = RoomDatabase()

    async def open(self) -> None:
        await self.bus.declare(["dice"], ["lounge"])
        await super().open()
        await self.bus.subscribe(subjects.database("row", ROOM.name, "*"), self._answer)
        await self.router()
        await self.plugin(ROOM.name, load(ROOM.entry), ROOM)

    async def _answer(self, incoming: Incoming) -> None:
        op = incoming.subject.rpartition(".")[2]
        answer = await self.database("row", op, incoming.data, 1.0)
        await self.bus.publish(incoming.reply, answer)

    async def knows(self, name: str, **fields: object) -> None:
        person = {"channel": HERE, "username": name, "name_key": name.lower(), **fields}
        await self.database.client.insert("users", person)

    async def answer(self, text: str, user: str = "alice", pm: bool = False) -> str:
        before = len(self.actions)
        await self.say(text, user, pm=pm)
        await until(lambda: len(self.actions) > before, what=f"an answer to {text}")
        return self.actions[before].text


@pytest.fixture
async def room(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Memory]:
    monkeypatch.setattr(commands, "clock", SimpleNamespace(now=lambda: NOW))
    room = Memory()
    async with room.stack:
        await room.open()
        yield room
    await room.bus.drain()


async def test_stats_of_somebody_who_was_here(room: Memory) -> None:
    await room.knows(
        "Bob",
        lines=1204,
        seconds_connected=3 * 86_400 + 4 * 3_600 + 59,
        first_seen=datetime(2026, 5, 3, 23, 59, tzinfo=UTC),
        last_seen=NOW - timedelta(days=2, hours=1),
    )
    assert await room.answer("!stats bob") == (
        "Bob: 1,204 lines, here for 3 days 4 h, first seen 3 May 2026, last seen 2 days ago"
    )
    assert await room.answer("!stats @BOB") == room.lines[0]


async def test_stats_are_one_s_own_without_a_name(room: Memory) -> None:
    await room.knows("alice", lines=1, first_seen=NOW, last_seen=NOW, online_since=NOW)
    told = await room.answer("!stats")
    assert told.startswith("alice: 1 line, first seen")
    assert told.endswith("here now")


async def test_seen(room: Memory) -> None:
    await room.knows("bob", last_seen=NOW - timedelta(days=2, hours=3))
    await room.knows("ann", last_seen=NOW, online_since=NOW - timedelta(days=1, hours=5, minutes=9))
    assert await room.answer("!seen bob") == "bob was here 2 days ago."
    assert await room.answer("!seen ann") == "ann is here, for 1 day 5 h now."
    assert await room.answer("!seen nobody") == "I have not met nobody here yet."
    assert await room.answer("!seen") == "Tell me whom you mean: !seen <user>"


async def test_top(room: Memory) -> None:
    assert await room.answer("!top") == "Nobody has said anything here yet."
    for place, name in enumerate(("ann", "bob", "cat", "dan", "eve", "fay")):
        await room.knows(name, lines=6000 - 1000 * place)
    full = datetime(2026, 2, 1, 8, tzinfo=UTC)
    await room.database.client.batch(counted(HERE, 12, full))
    assert await room.answer("!top") == (
        "Most lines here: 1. ann (6,000), 2. bob (5,000), 3. cat (4,000), 4. dan (3,000), "
        "5. eve (2,000). The most at once: 12 people, on 1 February 2026."
    )


@pytest.mark.parametrize("line", ["!stats", "!seen bob", "!top"])
async def test_a_database_that_is_away_is_said_kindly(room: Memory, line: str) -> None:
    async def refuse(kind: str, op: str, request: bytes, patience: float) -> bytes:
        return b'{"success": false, "error": {"code": "UNAVAILABLE", "message": "down"}}'

    room.database = refuse  # type: ignore[assignment]
    assert await room.answer(line) == (
        "I cannot look that up right now: the database is not answering. "
        "Please try again in a minute."
    )


async def test_who_asks_in_private_is_answered_in_private(room: Memory) -> None:
    assert await room.answer("!seen bob", pm=True) == "I have not met bob here yet."
    assert (room.actions[0].kind, room.actions[0].to) == ("pm", "alice")


async def test_a_notice_that_it_takes_long_does_not_swallow_the_answer(
    room: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are of the same line of chat; a stream knows each id once."""
    monkeypatch.setattr(router, "SLOW_AFTER", 0.05)
    answering = asyncio.Event()
    database = room.database

    async def slowly(kind: str, op: str, request: bytes, patience: float) -> bytes:
        await answering.wait()
        return await database(kind, op, request, patience)

    room.database = slowly  # type: ignore[assignment]
    assert await room.answer("!seen bob") == "My memory is restarting; your command waits."
    answering.set()
    await room.until_line("I have not met bob here yet.")


async def test_help_and_status_know_them(room: Memory) -> None:
    assert await room.answer("!help") == (
        "I know !help, !info, !seen, !stats, !status, !top. More: !help <one>"
    )
    assert await room.answer("!help seen") == "!seen <user> — When somebody was here last."
    assert await room.answer("!status") == "Router ✓, my memory ✓"
