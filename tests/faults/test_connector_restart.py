"""The connector is restarted in the middle of a conversation, and is back at once."""

import asyncio
import sys
import time

from connectors.lounge.guest import Guest
from rosey.bus import Bus
from tests.faults.signs import left, said, stored
from tests.rosey_process import CHECKOUT, RoseyProcess
from tests.servers import environment, until

NAME = "connector-lounge"


async def test_a_restart_is_a_short_absence(running: RoseyProcess, alice: Guest, bus: Bus) -> None:
    """What is said while Rosey is out is heard and answered when she is back."""
    await alice.say("restart 0")
    await stored(bus, 1, "restart 0")
    old = running.pid(NAME)
    start = time.monotonic()
    restarting = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "core", "restart", NAME, "--data", str(running.data)),
        cwd=CHECKOUT,
        env=environment(),
        stdout=asyncio.subprocess.DEVNULL,
    )
    await until(lambda: left(alice) == 1, 10, "Rosey leaves in good order")
    for number in range(1, 6):
        await alice.say(f"restart {number}")
    await alice.say("!roll d2+70")
    await until(lambda: len(said(alice, "🎲")) == 1, 10, "the answer")
    assert time.monotonic() - start < 6
    assert await asyncio.wait_for(restarting.wait(), 20) == 0
    running.wait_ready(NAME, not_pid=old)
    texts = [message.text for message in await stored(bus, 6, "restart ")]
    assert texts == [f"restart {number}" for number in range(6)]
    assert left(alice) == 1
    assert len(said(alice, "🎲")) == 1
