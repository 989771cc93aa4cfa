"""One evening's show on a clock that can be wound forward."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from temporal.worker import CACHED, make_worker, sandboxed_runner
from tests.workflows.playlist.projector import Projector
from workflows.playlist.show import Show

LEAD = timedelta(minutes=15)


@pytest.fixture(params=[CACHED, 0], ids=["cached", "replayed"])
async def projector(
    clock: WorkflowEnvironment, request: pytest.FixtureRequest
) -> AsyncIterator[Projector]:
    async with opened(clock, request.param) as projector:
        yield projector


@asynccontextmanager
async def opened(clock: WorkflowEnvironment, cached: int) -> AsyncIterator[Projector]:
    projector = Projector(clock)
    worker = make_worker(
        clock.client,
        projector.queue,
        [Show],
        projector.activities,
        runner=sandboxed_runner() if cached else None,
        cached=cached,
    )
    async with worker:
        yield projector


async def test_a_show_warns_and_begins_at_its_moment(projector: Projector) -> None:
    show = await projector.start()
    assert (await show.result()).startswith("Friday Horror began ")
    assert projector.names == ["warn", "begin"]
    assert projector.begins
    assert projector.since(0, projector.begins - LEAD) >= 0
    assert projector.since(0, projector.begins) < 0
    assert projector.since(1, projector.begins) >= 0


async def test_a_show_for_once_is_removed(projector: Projector) -> None:
    show = await projector.start(at="2026-05-01T20:00Z")
    await show.result()
    assert projector.names == ["warn", "begin", "remove"]


async def test_no_warning_is_wanted(projector: Projector) -> None:
    await (await projector.start(lead=0)).result()
    assert projector.names == ["begin"]


async def test_who_cannot_wait_begins_it_at_once(projector: Projector) -> None:
    show = await projector.start()
    await show.signal("begin")
    await show.result()
    assert projector.names == ["begin"]
    assert projector.begins
    assert projector.since(0, projector.begins) < 0


async def test_a_show_that_is_started_out_of_its_time_begins_at_once(projector: Projector) -> None:
    show = await projector.start()
    projector.begins = None
    assert (await show.result()).startswith("Friday Horror began ")
    assert projector.names == ["begin"]


async def test_a_show_does_not_depend_on_its_warning(projector: Projector) -> None:
    projector.no_warning = True
    await (await projector.start()).result()
    assert projector.names == ["begin"]
    assert projector.begins
    assert projector.since(0, projector.begins) >= 0


async def test_an_outage_is_waited_out(projector: Projector) -> None:
    projector.failures = 8
    await (await projector.start()).result()
    assert projector.names == ["warn", "begin"]


async def test_a_show_of_nonsense_fails_and_says_why(projector: Projector) -> None:
    show = await projector.clock.client.start_workflow(
        "Show", {"x": 1}, id=f"show-{uuid.uuid4()}", task_queue=projector.queue
    )
    with pytest.raises(WorkflowFailureError) as caught:
        await show.result()
    assert isinstance(caught.value.cause, ApplicationError)
    assert "needs a plan" in str(caught.value.cause)
