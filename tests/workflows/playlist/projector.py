"""What a show has done, noted with when."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from temporalio import activity
from temporalio.client import WorkflowHandle
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

    @property
    def activities(self) -> list[Callable[..., Any]]:
        return [self.time, self.warn, self.begin, self.remove]

    async def start(
        self, ahead: timedelta = timedelta(minutes=20), **fields: Any
    ) -> WorkflowHandle[Any, Any]:
        """Now, for a show that begins so much later."""
        now = (await self.clock.get_current_time()).replace(microsecond=0)
        self.begins = now + ahead
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
