"""One evening's show: `show:<channel>:<name>-<time>`, started by its Schedule, done when it began.

It warns the room, waits for the very moment by the room's clock, and hands the list's items to the
playlist. The signal `begin` lets it begin at once.
"""

from datetime import datetime, timedelta

from pydantic import BaseModel, ValidationError
from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

from rosey.contracts.shows import (
    BEGIN_SHOW,
    REMOVE_SHOW,
    TIME_SHOW,
    WARN_OF_SHOW,
    ShowCall,
    ShowPlan,
    ShowTime,
)
from rosey.durable.base import nap
from rosey.shows import moment_words

PATIENCE = timedelta(seconds=30)
UNTIL_DONE = RetryPolicy(maximum_interval=timedelta(minutes=1))
# Nobody needs a warning of what begins in so many seconds.
AT_ONCE = 5.0


@workflow.defn(name="Show")
class Show:
    """Begins one show, once."""

    @workflow.init
    def __init__(self, given: object = None, *_: object) -> None:
        self.plan = _plan(given)
        self.wanted = False

    @workflow.signal(name="begin", description="Begin at once")
    def begin(self, *_: object) -> None:
        self.wanted = True

    @workflow.run
    async def run(self, given: object = None, *_: object) -> str:
        plan = self.plan
        if plan is None:
            raise ApplicationError(
                "a show needs a plan; schedule one in the room", non_retryable=True
            )
        begins = await self._time(plan)
        warned_at = begins - timedelta(seconds=plan.lead)
        self._tell(f"{plan.name} begins {moment_words(begins, plan.zone)}.")
        await self._wait(warned_at, "warn the room")
        if not self.wanted and plan.lead and _left(begins) > AT_ONCE:
            await _do(WARN_OF_SHOW, ShowCall(plan=plan, begins=begins), by=begins)
        await self._wait(begins, "begin")
        begins = workflow.now() if self.wanted else begins
        self._tell(f"{plan.name} begins with the list {plan.saved_list}.")
        await _do(BEGIN_SHOW, ShowCall(plan=plan, begins=begins))
        if plan.at:
            await _do(REMOVE_SHOW, plan)
        self._tell(f"{plan.name} has begun.")
        return f"{plan.name} began {moment_words(begins, plan.zone)}."

    async def _time(self, plan: ShowPlan) -> datetime:
        """When it begins; somebody who starts it at another time wants it at once."""
        time: ShowTime = await workflow.execute_activity(
            TIME_SHOW,
            plan,
            result_type=ShowTime,
            start_to_close_timeout=PATIENCE,
            retry_policy=UNTIL_DONE,
            summary="the very moment",
        )
        self.wanted = self.wanted or time.begins is None
        return time.begins or workflow.now()

    async def _wait(self, until: datetime, summary: str) -> None:
        await nap(_left(until), lambda: self.wanted, summary)

    def _tell(self, words: str) -> None:
        workflow.set_current_details(words)


def _plan(given: object) -> ShowPlan | None:
    try:
        return ShowPlan.model_validate(given)
    except ValidationError as problem:
        workflow.logger.warning("started with nonsense: %s", problem)
        return None


def _left(until: datetime) -> float:
    return (until - workflow.now()).total_seconds()


async def _do(name: str, what: BaseModel, by: datetime | None = None) -> None:
    """Once, however long that takes; a warning only `by` the time of the show."""
    try:
        await workflow.execute_activity(
            name,
            what,
            start_to_close_timeout=PATIENCE,
            schedule_to_close_timeout=timedelta(seconds=_left(by)) if by else None,
            retry_policy=UNTIL_DONE,
        )
    except ActivityError as problem:
        if is_cancelled_exception(problem):
            raise
        workflow.logger.error("%s failed: %s", name, problem.cause)
