from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from connectors.lounge.guest import Guest
from core.authority.login import login
from core.authority.rights import OPERATOR
from core.config import NatsConfig
from rosey.bus import Bus
from tests.faults.chain import CONNECTION, Chain
from tests.faults.hostile_rooms import RudeSite
from tests.rosey_process import QUICK_ROOM, RoseyProcess, rosey
from tests.servers import NatsServer

# People may talk as fast as they like here.
CONFIG = QUICK_ROOM.replace("[lounge]", "[lounge]\nchat_burst = 0")


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RoseyProcess]:
    """One Rosey that survives all of these tests."""
    with rosey(tmp_path_factory.mktemp("faults"), CONFIG) as process:
        yield process


@pytest.fixture
async def alice(running: RoseyProcess) -> AsyncIterator[Guest]:
    async with Guest(running.room, name="alice") as guest:
        yield guest


@pytest.fixture
async def bus(running: RoseyProcess) -> AsyncIterator[Bus]:
    us = login(running.data, NatsConfig(), OPERATOR)
    bus = await Bus.connect(running.runtime["addresses"]["nats"], "test", us)
    yield bus
    await bus.drain()


@pytest.fixture
async def site() -> AsyncIterator[RudeSite]:
    running = RudeSite()
    await running.start()
    yield running
    await running.stop()


@pytest.fixture
async def probe(nats: NatsServer) -> AsyncIterator[Bus]:
    """The test's own connection to a server without the rest of Rosey."""
    bus = await Bus.connect(nats.url, "probe")
    await bus.declare(["dice", "trivia"], [CONNECTION])
    yield bus
    await bus.drain()


@pytest.fixture
async def chain(nats: NatsServer, probe: Bus, tmp_path: Path) -> AsyncIterator[Chain]:
    """Rosey in one process, at work on a server that is the test's."""
    chain = Chain(nats.url, probe, tmp_path / "spool")
    async with chain.stack:
        await chain.open()
        yield chain
