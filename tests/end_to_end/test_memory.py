"""A room with a memory: who said how much, who won, and what becomes of it when things die."""

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from connectors.lounge.guest import Guest, GuestError
from tests.end_to_end.players import AnswerBook, said_by_rosey, until_line
from tests.rosey_process import QUICK_ROOM, RoseyProcess, rosey

QUICK = QUICK_ROOM.replace("grace = 30", "grace = 0.2")
AWAY = "the database is not answering"


async def ask(guest: Guest, command: str, answer: str) -> str:
    """Asks again until the answer has this in it: what just happened may not be written yet."""
    deadline = asyncio.get_running_loop().time() + 30
    while True:
        since = len(guest.lines)
        await guest.say(command)
        with suppress(GuestError):
            line = await guest.wait_line(
                lambda line: line.user == "Rosey" and answer in line.text, 3, since
            )
            return str(line.text)
        lines = said_by_rosey(guest.lines)
        assert asyncio.get_running_loop().time() < deadline, "\n".join(lines)


async def play(guest: Guest, book: AnswerBook, questions: int) -> str:
    """A whole game, all right; returns its last line."""
    before = len([line for line in said_by_rosey(guest.lines) if "🏁" in line])
    asked = len([line for line in said_by_rosey(guest.lines) if "❓ 1/" in line])
    await guest.say(f"!trivia start {questions}")
    for number in range(1, questions + 1):
        line = await until_line(guest, f"❓ {number}/", asked + 1)
        await guest.say(book.find(line).answer)
    return await until_line(guest, "🏁", before + 1)


@pytest.mark.timeout(180)
async def test_a_room_remembers_over_restarts_and_an_outage(tmp_path: Path) -> None:
    book = AnswerBook()
    with rosey(tmp_path, QUICK) as running:
        async with Guest(running.room, name="alice", reconnect=True) as alice:
            await alice.say("what a night")
            await play(alice, book, 2)
            found = await ask(alice, "!trivia stats", "alice: 1 game, 1 won")
            assert "100% right" in found
            assert "alice" in await ask(alice, "!trivia lb", "🏆")
            assert "lines" in await ask(alice, "!stats", "alice: ")
            assert "here" in await ask(alice, "!seen alice", "alice")
            await _play_on_while_the_database_is_away(running, alice, book)
    with rosey(tmp_path, QUICK) as again:
        async with Guest(again.room, name="bob") as bob:
            await ask(bob, "!trivia stats alice", "alice: 2 games, 2 won")
            await ask(bob, "!seen alice", "alice")
            await ask(bob, "!top", "alice")


async def _play_on_while_the_database_is_away(
    running: RoseyProcess, alice: Guest, book: AnswerBook
) -> None:
    """Stopped, not killed: the host would have a new one at once."""
    process = running.pid("database")
    os.kill(process, signal.SIGSTOP)
    try:
        await play(alice, book, 1)
        await ask(alice, "!stats", AWAY)
    finally:
        os.kill(process, signal.SIGCONT)
    await ask(alice, "!stats", "alice: ")
