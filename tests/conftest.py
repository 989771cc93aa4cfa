"""Fixtures that many tests share."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from rosey.bus import Bus
from tests.servers import NatsServer, nats_server

pytest_plugins = ["rosey.testing.pytest_plugin"]


@pytest.fixture(scope="session", autouse=True)
def _no_outside_settings() -> None:
    for key in list(os.environ):
        if key.startswith(("ROSEY_", "TEMPORAL_", "NATS_")):
            del os.environ[key]


@pytest.fixture
def nats(tmp_path: Path) -> Iterator[NatsServer]:
    with nats_server(tmp_path / "nats") as server:
        yield server


@pytest.fixture
async def bus(nats: NatsServer) -> AsyncIterator[Bus]:
    bus = await Bus.connect(nats.url, "test")
    await bus.declare(["dice", "trivia"], ["lounge", "fake"])
    yield bus
    await bus.drain()
