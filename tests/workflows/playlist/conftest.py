import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from temporalio.testing import WorkflowEnvironment

from temporal.worker import CACHED, make_worker, sandboxed_runner
from tests.temporal_servers import dev_server, time_skipping
from tests.workflows.playlist.theatre import Theatre
from workflows.playlist.workflow import Playlist


@pytest.fixture
async def clock() -> AsyncIterator[WorkflowEnvironment]:
    async with time_skipping() as environment:
        yield environment


@pytest.fixture(params=[CACHED, 0], ids=["cached", "replayed"])
async def theatre(
    clock: WorkflowEnvironment, request: pytest.FixtureRequest
) -> AsyncIterator[Theatre]:
    """Watched by the sandbox; and once more without a cache, so that each task is a replay."""
    async with opened(clock, request.param) as theatre:
        yield theatre


@pytest.fixture
async def hurried() -> AsyncIterator[Theatre]:
    """On the real server, where time does not jump."""
    async with dev_server() as environment, opened(environment, CACHED) as theatre:
        yield theatre


@asynccontextmanager
async def opened(clock: WorkflowEnvironment, cached: int) -> AsyncIterator[Theatre]:
    theatre = Theatre(clock)
    queue = f"playlist-{uuid.uuid4()}"
    worker = make_worker(
        clock.client,
        queue,
        [Playlist],
        theatre.activities,
        runner=sandboxed_runner() if cached else None,
        cached=cached,
    )
    async with worker:
        theatre.handle = await clock.client.start_workflow(
            "Playlist", id=f"playlist:lounge/{uuid.uuid4().hex}", task_queue=queue
        )
        yield theatre
