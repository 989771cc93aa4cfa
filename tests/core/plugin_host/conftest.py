from collections.abc import AsyncIterator

import pytest

from rosey.bus import Bus
from tests.core.stage import Stage


@pytest.fixture
async def stage(bus: Bus) -> AsyncIterator[Stage]:
    stage = Stage(bus)
    async with stage.stack:
        await stage.open()
        yield stage
