from collections.abc import AsyncIterator, Iterator

import pytest

from connectors.lounge.guest import Guest
from core.authority.login import login
from core.authority.rights import OPERATOR
from core.config import NatsConfig
from rosey.bus import Bus
from tests.faults.hostile_rooms import RudeSite
from tests.rosey_process import QUICK_ROOM, RoseyProcess, rosey

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
