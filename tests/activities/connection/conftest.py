from collections.abc import AsyncIterator

import pytest

from rosey.bus import Bus
from tests.activities.connection.stage import Stage


@pytest.fixture
async def stage(bus: Bus) -> AsyncIterator[Stage]:
    stage = Stage(bus)
    yield stage
    await stage.close()
