"""One evening's show on a clock that can be wound forward."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from temporalio import activity
from temporalio.client import WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from rosey.contracts.shows import (
    BEGIN_SHOW,
    REMOVE_SHOW,
    TIME_SHOW,
    WARN_OF_SHOW,
    ShowCall,
    ShowPlan,
    ShowTime,
)
from temporal.worker import CACHED, make_worker, sandboxed_runner
from workflows.playlist.show import Show

LEAD = timedelta(minutes=15)


class Projector:
    """The activities of a show, which note when they were asked for what."""

    def __init__(self, clock: WorkflowEnvironment) -> None:
        self.clock = clock
        self.queue = f"show-{uuid.uuid4()}"
        self.begins: datetime | None = None
        self.calls: list[tuple[str, datetime]] = []
        self.failures = 0
        self.no_warning = False

    async def _note(self, name: str) -> None:
        self.calls.append((name, await self.clock.get_current_time()))

    @activity.defn(name=TIME_SHOW)
    async def time(self, plan: ShowPlan) -> ShowTime:
        return ShowTime(begins=self.begins)

    @activity.defn(name=WARN_OF_SHOW)
    async def warn(self, call: ShowCall) -> None:
        assert call.begins == self.begins
        if self.no_warning:
            raise RuntimeError("nobody can be told")
        await self._note("warn")

    @activity.defn(name=BEGIN_SHOW)
    async def begin(self, call: ShowCall) -> None:
        if self.failures:
            self.failures -= 1
            raise RuntimeError("the database is not there")
        await self._note("begin")

    @activity.defn(name=REMOVE_SHOW)
    async def remove(self, plan: ShowPlan) -> None:
        await self._note("remove")

    async def start(self, **fields: Any) -> WorkflowHandle[Any, Any]:
        """Now, for a show in 20 minutes."""
        now = (await self.clock.get_current_time()).replace(microsecond=0)
        self.begins = now + timedelta(minutes=20)
        plan = {"id": "c-1", "channel": "lounge/lobby", "name": "Friday Horror"}
        given = plan | {"saved_list": "horror", "clock": "20:00"} | fields
        return await self.clock.client.start_workflow(
            "Show",
            ShowPlan.model_validate(given),
            id=f"show-{uuid.uuid4()}",
            task_queue=self.queue,
            result_type=str,
        )

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.calls]

    def since(self, number: int, moment: datetime) -> float:
        """Seconds from then to a call."""
        return (self.calls[number][1] - moment).total_seconds()


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
        [projector.time, projector.warn, projector.begin, projector.remove],
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
