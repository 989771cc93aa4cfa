"""The bus on a server and its twin in memory: what holds for one holds for the other."""

from collections.abc import AsyncIterator, Sequence

import pytest

from rosey.bus import Bus, Middleware
from rosey.testing import MemoryBus


@pytest.fixture
def middlewares() -> Sequence[Middleware]:
    return ()


@pytest.fixture(params=["nats", "memory"])
async def each(
    request: pytest.FixtureRequest, middlewares: Sequence[Middleware]
) -> AsyncIterator[Bus]:
    made: Bus
    if request.param == "nats":
        server = request.getfixturevalue("nats")
        made = await Bus.connect(server.url, "test", middlewares=middlewares)
    else:
        made = MemoryBus(middlewares)
    await made.declare(["dice", "trivia"], ["lounge"])
    yield made
    await made.drain()
