"""Quotes, the 8-ball and what is kept about people, from the room to the database and back."""

import json
from pathlib import Path

import pytest

from connectors.lounge.guest import Guest
from tests.end_to_end.players import until_line
from tests.end_to_end.test_memory import ask
from tests.rosey_process import rosey


async def private(guest: Guest, command: str, part: str) -> str:
    """What Rosey tells that person alone."""
    since = len(guest.lines)
    await guest.say(command)
    line = await guest.wait_line(lambda line: line.pm and part in line.text, 20, since)
    return str(line.text)


@pytest.mark.timeout(120)
async def test_what_is_said_is_quoted_and_forgotten(tmp_path: Path) -> None:
    with rosey(tmp_path) as running:
        async with (
            Guest(running.room, name="alice") as alice,
            Guest(running.room, name="bob") as bob,
        ):
            await alice.say("what a night")
            await bob.wait_line(lambda line: line.text == "what a night", 20)
            await ask(bob, "!quote last ALICE", "Kept as quote #1 by alice")
            await alice.say("!quote upvote 1")
            await until_line(alice, "Quote #1 has 1 vote now.")
            await bob.say("!quote search NIGHT")
            await until_line(bob, "#1 “what a night” — alice (1 vote)")
            await alice.say("!8ball Will it rain?")
            await until_line(alice, "🎱 “Will it rain?” ")
            told = await private(bob, "!mydata export", "I keep about you:")
            assert "quotes you added (1)" in told
            found = json.loads((running.data / "mydata" / "lounge=2Fbob.json").read_text())
            assert found["quote"]["quotes you added"][0]["text"] == "what a night"
            assert "Your name is off: quotes you added (1)." in await private(
                bob, "!mydata forget yes", "Deleted:"
            )
            await alice.say("!quote 1")
            await until_line(alice, "— alice (added by somebody on ")
