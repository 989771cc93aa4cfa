"""Two Roseys on one machine, each in two rooms of her own lounge."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from connectors.lounge.guest import Guest
from core.host.ports import free_port
from tests.end_to_end.players import said_by_rosey, until_line
from tests.rosey_process import rosey

CONFIG = """
[nats]
port = {nats}
monitoring_port = {monitoring}

[temporal]
port = {temporal}
ui_port = {ui}

[lounge]
port = {lounge}
rooms = [{{ name = "lobby" }}, {{ name = "den" }}]

[[connections]]
name = "lounge"
platform = "lounge"
room = "lobby"

[[connections]]
name = "second"
platform = "lounge"
room = "den"
"""
PORTS = ("nats", "monitoring", "temporal", "ui", "lounge")


@pytest.mark.timeout(180)
async def test_each_answers_in_her_own_rooms_and_nowhere_else(tmp_path: Path) -> None:
    """Both are told the same ports; the second finds others."""
    config = CONFIG.format(**{name: free_port() for name in PORTS})
    with rosey(tmp_path / "one", config) as first, rosey(tmp_path / "two", config) as second:
        addresses = [each.runtime["addresses"] for each in (first, second)]
        for service in addresses[0]:
            assert addresses[0][service] != addresses[1][service], service
        async with AsyncExitStack() as stack:
            guests = [
                await stack.enter_async_context(Guest(each.room, room, f"guest{number}"))
                for number, each in enumerate((first, second))
                for room in ("lobby", "den")
            ]
            for number, guest in enumerate(guests, 1):
                await guest.say(f"!roll d2+{number}0")
            for guest in guests:
                await until_line(guest, "🎲")
            # The answer to a second round comes after whatever came to the wrong room.
            await asyncio.gather(*(guest.say("!flip") for guest in guests))
            for number, guest in enumerate(guests, 1):
                await until_line(guest, "🪙")
                rolls = [line for line in said_by_rosey(guest.lines) if "🎲" in line]
                assert len(rolls) == 1
                assert int(rolls[0].split()[-1]) // 10 == number
