"""NATS is away: what is said meanwhile is kept, goes out in order, and is answered once."""

import asyncio
import os
import signal

import psutil

from connectors.lounge.guest import Guest
from rosey.bus import Bus
from tests.faults.signs import left, said, stored
from tests.rosey_process import RoseyProcess
from tests.servers import until

LINES = 40


async def test_nothing_that_was_said_is_lost(running: RoseyProcess, alice: Guest, bus: Bus) -> None:
    """Frozen first, so that much is under way, and then killed."""
    pid = running.pid("nats")
    for number in range(10):
        await alice.say(f"chatter {number}")
    os.kill(pid, signal.SIGSTOP)
    try:
        await until(lambda: psutil.Process(pid).status() == psutil.STATUS_STOPPED)
        for number in range(10, 30):
            await alice.say(f"chatter {number}")
        await alice.wait_line(lambda line: line.text == "chatter 29")
    finally:
        running.kill("nats")
    for number in range(30, LINES):
        await alice.say(f"chatter {number}")
    running.wait_ready("nats", not_pid=pid)
    texts = [message.text for message in await stored(bus, LINES, "chatter")]
    assert texts == [f"chatter {number}" for number in range(LINES)]
    assert left(alice) == 0


async def test_commands_given_meanwhile_are_answered_once(
    running: RoseyProcess, alice: Guest, bus: Bus
) -> None:
    for number in range(1, 4):
        await alice.say(f"!roll d2+{number}0")
    dead = running.kill("nats")
    for number in range(4, 7):
        await alice.say(f"!roll d2+{number}0")
    running.wait_ready("nats", not_pid=dead)
    await until(lambda: len(said(alice, "🎲")) >= 6, 20, "six answers")
    await alice.say("!flip")
    await alice.wait_line(lambda line: "🪙" in line.text, 20)
    tens = [int(line.split()[-1]) // 10 for line in said(alice, "🎲")]
    assert sorted(tens) == [1, 2, 3, 4, 5, 6]
    await asyncio.wait_for(stored(bus, 6, "!roll"), 10)
