import uuid
from collections.abc import AsyncIterator, Iterator

import pytest
from temporalio.testing import WorkflowEnvironment

from temporal.worker import CACHED, make_worker, sandboxed_runner
from tests.temporal_servers import shared_dev_server, time_skipping
from tests.workflows.trivia.room import SilentRoom
from tests.workflows.trivia.table import Table
from workflows.trivia.workflow import Trivia


@pytest.fixture(scope="session")
def temporal_address() -> Iterator[str]:
    with shared_dev_server() as address:
        yield address


@pytest.fixture
async def clock() -> AsyncIterator[WorkflowEnvironment]:
    async with time_skipping() as environment:
        yield environment


@pytest.fixture(params=[CACHED, 0], ids=["cached", "replayed"])
async def table(clock: WorkflowEnvironment, request: pytest.FixtureRequest) -> AsyncIterator[Table]:
    """Watched by the sandbox; and once more without a cache, so that each task is a replay."""
    room = SilentRoom()
    queue = f"trivia-{uuid.uuid4()}"
    worker = make_worker(
        clock.client,
        queue,
        [Trivia],
        room.activities,
        runner=sandboxed_runner() if request.param else None,
        cached=request.param,
    )
    async with worker:
        handle = await clock.client.start_workflow(
            "Trivia", id=f"trivia:lounge/{uuid.uuid4().hex}", task_queue=queue
        )
        table = Table(clock, room, handle)
        table.cached = bool(request.param)
        yield table
