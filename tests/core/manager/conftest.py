from collections.abc import AsyncIterator

import pytest

from tests.core.manager.desk import Desk


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    desk = Desk()
    await desk.open()
    yield desk
    await desk.bus.drain()
