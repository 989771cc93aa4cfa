from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from activities.connection.outbox import Outbox
from activities.connection.spool import Spool
from rosey.bus import Bus
from tests.activities.connection.stage import Stage


@pytest.fixture
async def stage(bus: Bus, tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(bus, tmp_path / "spool")
    yield stage
    await stage.close()


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool" / "lounge")


@pytest.fixture
async def outbox(bus: Bus, spool: Spool) -> AsyncIterator[Outbox]:
    outbox = Outbox(bus, spool)
    outbox.start()
    yield outbox
    await outbox.close(0)
