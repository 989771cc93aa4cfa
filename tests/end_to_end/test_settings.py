"""Switches and settings changed from chat: for one room, at once, and for good."""

import re
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from connectors.lounge.guest import Guest
from tests.end_to_end.players import said_by_rosey, until_line
from tests.rosey_process import QUICK_ROOM, RoseyProcess, rosey

CONFIG = (
    QUICK_ROOM.replace(
        "[lounge]\nport = 0\n",
        """[lounge]
port = 0
rooms = [
    { name = "lobby", ranks = { alice = 3, bob = 2 } },
    { name = "den", ranks = { alice = 3 } },
]
accounts = [{ name = "alice", password = "one two" }, { name = "bob", password = "one two" }]

[[connections]]
name = "lounge"
platform = "lounge"
room = "lobby"

[[connections]]
name = "second"
platform = "lounge"
room = "den"
""",
    )
    + '\n[channels."second/den"]\nplugins.dice = false\nplugins.trivia = { seconds = 90 }\n'
)


class Rooms:
    """alice, an administrator of both rooms, and bob, a moderator of one."""

    def __init__(self, lobby: Guest, den: Guest, bob: Guest) -> None:
        self.lobby, self.den, self.bob = lobby, den, bob


async def come_in(stack: AsyncExitStack, running: RoseyProcess) -> Rooms:
    guests = [
        await stack.enter_async_context(Guest(running.room, room, name, "one two"))
        for room, name in (("lobby", "alice"), ("den", "alice"), ("lobby", "bob"))
    ]
    return Rooms(*guests)


def rolled(guest: Guest) -> int:
    return len([line for line in said_by_rosey(guest.lines) if "🎲" in line])


async def rolls(guest: Guest) -> None:
    """Dice answers here."""
    before = rolled(guest)
    await guest.say("!roll d6")
    await until_line(guest, "🎲", before + 1)


async def keeps_still(guest: Guest) -> None:
    """Dice does not, though a command that was given later is answered."""
    before = rolled(guest)
    lists = len([line for line in said_by_rosey(guest.lines) if line.startswith("Plugins:")])
    await guest.say("!roll d6")
    await guest.say("!plugin list")
    await until_line(guest, "Plugins:", lists + 1)
    assert rolled(guest) == before


@pytest.mark.timeout(180)
async def test_each_room_has_its_own_at_once_and_after_a_new_start(tmp_path: Path) -> None:
    with rosey(tmp_path, CONFIG) as running:
        async with AsyncExitStack() as stack:
            rooms = await come_in(stack, running)
            await rolls(rooms.lobby)
            await keeps_still(rooms.den)
            # The other way round, and the very next command obeys.
            await rooms.lobby.say("!plugin disable dice")
            await until_line(rooms.lobby, "dice is off here now.")
            await keeps_still(rooms.lobby)
            await rooms.den.say("!plugin enable dice")
            await until_line(rooms.den, "dice is on here now.")
            await rolls(rooms.den)

            await rooms.bob.say("!set trivia.seconds 20")
            await until_line(rooms.bob, "!set is for admins and up.")
            await rooms.bob.say("!plugin enable dice")
            await until_line(rooms.bob, "!plugin enable is for admins and up.")
            await rooms.bob.say("!plugin list")
            line = await until_line(rooms.bob, "dice 1.0.0 (off here)")
            assert re.search(r"trivia [\d.]+[,.]", line)

            await rooms.lobby.say("!set trivia.seconds x")
            await until_line(rooms.lobby, "trivia.seconds: a number from 5 to 300, not 'x'.")
            await rooms.lobby.say("!set trivia.seconds 20")
            await until_line(rooms.lobby, "trivia.seconds is 20 here now.")
            for room, seconds in ((rooms.lobby, 20), (rooms.den, 90)):
                await room.say("!trivia start 1")
                await until_line(room, f"{seconds} seconds each")
                await room.say("!trivia stop")
                await until_line(room, "stopped the game")
            await rooms.lobby.say("!plugin reload trivia")
            await until_line(rooms.lobby, "trivia was loaded anew and answers.")
            await rooms.lobby.say("!help core")
            line = await until_line(rooms.lobby, "core has")
            assert all(part in line for part in ("!stats", "!set", "!plugin reload"))
            # Nothing came late either.
            assert (rolled(rooms.lobby), rolled(rooms.den)) == (1, 1)
        told = running.command("plugin", "rooms")
        assert "dice 1.0.0: ready, off in lounge/lobby" in told.stdout, told.stderr
        assert running.log("nats").count("Violation") == 0

    with rosey(tmp_path, CONFIG) as running:
        async with AsyncExitStack() as stack:
            rooms = await come_in(stack, running)
            await keeps_still(rooms.lobby)
            await rolls(rooms.den)
            await rooms.lobby.say("!set trivia")
            line = await until_line(rooms.lobby, "trivia here:")
            assert "seconds 20 (set here by alice), lead_in 0.5 (rosey.toml)" in line
            assert "tries 5 (default)" in line
            await rooms.lobby.say("!set trivia.seconds default")
            await until_line(rooms.lobby, "trivia.seconds is 60 here again, what rosey.toml says.")
            # What is written in rosey.toml still counts where nobody has set anything else.
            running.config.write_text(CONFIG.replace("seconds = 90", "seconds = 77"))
            count = 0
            while "seconds 77 (rosey.toml)" not in line:
                count += 1
                await rooms.den.say("!set trivia")
                line = await until_line(rooms.den, "trivia here:", count)
            told = running.command("plugin", "enable", "dice")
            assert told.stdout.splitlines() == [
                "lounge/lobby: dice is on here now.",
                "second/den: dice was on here already.",
            ], told.stderr
            await rolls(rooms.lobby)
