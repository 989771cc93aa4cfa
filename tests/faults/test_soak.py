"""A long day on the bus: all arrives once and in order, and memory does not grow with it.

`ROSEY_SOAK=2000000 bin/rosey test tests/faults/test_soak.py` makes it longer.
"""

import asyncio
import os
import statistics
import sys

import pytest

from rosey import streams
from rosey.bus import Bus
from tests.faults.soak import Report
from tests.servers import NatsServer

# Read while tests are collected: once they run, no setting from outside is left.
MESSAGES = int(os.environ.get("ROSEY_SOAK", "200000"))
# A machine busy with other things manages a fifth of what it can.
SECONDS = 30 + MESSAGES / 1_500
# A single number kept for each message is nearly 4.
MB_PER_100_000 = 2.0


@pytest.mark.timeout(SECONDS + 30)
async def test_nothing_is_lost_and_memory_does_not_grow(nats: NatsServer) -> None:
    report = await soak(nats.url, MESSAGES)
    assert (report.stored, report.handled) == (MESSAGES, MESSAGES)
    assert (report.wrong, report.handed_out_again) == (0, 0)
    assert slope(report.memory) < MB_PER_100_000, report.memory
    bus = await Bus.connect(nats.url, "test")
    async with asyncio.timeout(10):
        while await acknowledged(bus) != MESSAGES:
            await asyncio.sleep(0.01)
    await bus.drain()


async def acknowledged(bus: Bus) -> int:
    """How far everything is, by the server's account."""
    known = await bus.js.consumer_info(streams.EVENTS, "soak")
    assert known.ack_floor is not None
    return int(known.ack_floor.stream_seq)


async def soak(url: str, count: int) -> Report:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.faults.soak", url, str(count)),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        out, _ = await asyncio.wait_for(process.communicate(), SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0
    return Report.model_validate_json(out)


def slope(memory: list[float]) -> float:
    """MB for every 100,000 messages, once everything has been done for a while."""
    begin = len(memory) // 4
    each = MESSAGES / len(memory) / 100_000
    at = [number * each for number in range(begin, len(memory))]
    return statistics.linear_regression(at, memory[begin:]).slope
