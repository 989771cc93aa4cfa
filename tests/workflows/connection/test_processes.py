"""Processes that hold a connection die without a goodbye."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from rosey import streams, subjects
from rosey.bus import Bus, Delivery
from rosey.events import ConnectionEvent
from temporal.client import connect
from tests.consuming import consume
from tests.rosey_process import CHECKOUT
from tests.servers import NatsServer, environment, until

CONFIG = """
[lounge]
enabled = false

[[connections]]
name = "fake"
platform = "fake"
site = "memory"
room = "den"
"""


@contextmanager
def process(folder: Path, nats: str, temporal: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A connector on a data folder, and so with a queue, of its own."""
    folder.mkdir()
    config = folder / "rosey.toml"
    config.write_text(CONFIG)
    with (folder / "log").open("wb") as log:
        started = subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.workflows.connection.process", "connector", "fake"),
                *("--data", str(folder), "--config", str(config)),
            ],
            cwd=CHECKOUT,
            env=environment(ROSEY_NATS_URL=nats, TEMPORAL_ADDRESS=temporal),
            stdout=log,
            stderr=log,
        )
    try:
        yield started
    finally:
        started.kill()
        started.wait()


@pytest.mark.timeout(90)
async def test_another_machine_takes_over_when_a_process_is_gone(
    nats: NatsServer, bus: Bus, temporal_address: str, tmp_path: Path
) -> None:
    """The heartbeat, a second, and the time that a deserted queue is given."""
    ups: list[ConnectionEvent] = []

    async def note(delivery: Delivery) -> None:
        ups.append(ConnectionEvent.read(delivery.data))

    await consume(bus, streams.EVENTS, "test", [subjects.CONNECTION_UP], note)
    clock = asyncio.get_running_loop().time
    with ExitStack() as stack:
        first = stack.enter_context(process(tmp_path / "one", nats.url, temporal_address))
        await until(lambda: len(ups) == 1, 30, "the first is in the room")
        stack.enter_context(process(tmp_path / "two", nats.url, temporal_address))
        other = tmp_path / "two" / "log"
        await until(lambda: "ready" in other.read_text(), 30, "the second is there too")
        first.kill()
        killed = clock()
        await until(lambda: len(ups) == 2, 30, "the second is in the room")
        assert clock() - killed < 5 + 1 + 1 + 3
        handle = (await connect(temporal_address)).get_workflow_handle("connection:fake")
        while not (await handle.query("state"))["connected"]:
            await asyncio.sleep(0.05)
        assert len(ups) == 2
        await handle.terminate()
