"""Temporal is away: the room notices nothing but that no game can go on."""

import asyncio
import os
import signal
import time
from typing import Any

import psutil
from temporalio.client import WorkflowHandle

from connectors.lounge.guest import Guest
from temporal.client import connect
from tests.faults.signs import answered, attempt, left
from tests.rosey_process import RoseyProcess
from tests.servers import until

OUTAGE = 6.0  # longer than the heartbeat


async def test_dice_answer_while_temporal_is_away(running: RoseyProcess, alice: Guest) -> None:
    dead = running.kill("temporal")
    for _ in range(3):
        assert await answered(alice, "!roll d20", "🎲") < 2
    running.wait_ready("temporal", not_pid=dead)
    await answered(alice, "!trivia scores", "No game yet", 20)
    assert left(alice) == 0


async def test_rosey_stays_when_temporal_has_given_her_up(
    running: RoseyProcess, alice: Guest
) -> None:
    """The attempt to hold the room times out; the next one finds the living session."""
    client = await connect(running.runtime["addresses"]["temporal"])
    handle = client.get_workflow_handle("connection:lounge")
    before = attempt(await handle.describe())
    # A heartbeat that waits at the server's door when it comes back may be faster than its clock.
    for _ in range(4):
        await _outage(running.pid("temporal"), alice)
        if await _given_up(handle, before):
            break
    assert attempt(await handle.describe()) > before
    async with asyncio.timeout(20):
        while not (await handle.query("state"))["connected"]:
            await asyncio.sleep(0.1)
    assert left(alice) == 0
    await answered(alice, "!roll d20", "🎲")


async def _outage(pid: int, alice: Guest) -> None:
    os.kill(pid, signal.SIGSTOP)
    try:
        await until(lambda: psutil.Process(pid).status() == psutil.STATUS_STOPPED)
        end = time.monotonic() + OUTAGE
        while time.monotonic() < end:
            await answered(alice, "!flip", "🪙")
    finally:
        os.kill(pid, signal.SIGCONT)


async def _given_up(handle: WorkflowHandle[Any, Any], before: int) -> bool:
    """Whether there is a new attempt a few seconds after the server is back."""
    end = time.monotonic() + 5.0
    while time.monotonic() < end:
        if attempt(await handle.describe()) > before:
            return True
        await asyncio.sleep(0.1)
    return False
