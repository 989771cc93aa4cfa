"""A room's shows as Temporal Schedules, which are the truth: nothing else starts a show."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio import activity
from temporalio.client import (
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleDescription,
    ScheduleHandle,
    ScheduleListDescription,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleState,
    WorkflowHandle,
)
from temporalio.client import ScheduleActionExecutionStartWorkflow as Started
from temporalio.service import RPCError, RPCStatusCode

from rosey import clock
from rosey.contracts.shows import (
    CANCEL_SHOW,
    LIST_SHOWS,
    REMOVE_SHOW,
    SCHEDULE_SHOW,
    START_SHOW,
    Scheduled,
    ShowAnswer,
    ShowPlan,
    ShowWish,
)
from rosey.shows import LATE, next_moment, plan_words, schedule_id, start_of_week
from rosey.storage import Database, StorageError, Unavailable
from rosey.storage.saved_lists import NoList, list_name, load_list

RPC_TIMEOUT = timedelta(seconds=5)
# A show that is due in less than this is started when it is scheduled.
SOON = timedelta(seconds=10)
MOST_SHOWS = 50
MEMO = "show"
REFUSED = (
    RPCStatusCode.INVALID_ARGUMENT,
    RPCStatusCode.PERMISSION_DENIED,
    RPCStatusCode.UNAUTHENTICATED,
    RPCStatusCode.UNIMPLEMENTED,
)
AWAY = "I cannot look at the saved lists just now: the database is away. Try again later."


class ScheduleActivities:
    """Makes, finds, starts and takes away shows; each is what came of it once, if tried again."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @property
    def activities(self) -> list[Callable[..., Any]]:
        return [
            self.schedule_show,
            self.cancel_show,
            self.start_show,
            self.list_shows,
            self.remove_show,
        ]

    @activity.defn(name=SCHEDULE_SHOW)
    async def schedule_show(self, wish: ShowWish) -> ShowAnswer:
        """Makes the Schedule of the wish's plan."""
        plan = wish.plan
        if plan is None:
            return ShowAnswer(problem="There is no plan for that show.")
        try:
            name = list_name(plan.saved_list)
            films = len(await load_list(self.database, plan.channel, name))
        except Unavailable:
            return ShowAnswer(problem=AWAY)
        except (NoList, StorageError) as problem:
            return ShowAnswer(problem=str(problem))
        if not films:
            return ShowAnswer(
                problem=f"There is no list {name}. !playlist lists shows which there are."
            )
        now = clock.now()
        if problem_told := await _create(plan, now):
            return ShowAnswer(problem=problem_told)
        return ShowAnswer(shows=[Scheduled(plan=plan, next=next_moment(plan, now))], films=films)

    @activity.defn(name=CANCEL_SHOW)
    async def cancel_show(self, wish: ShowWish) -> ShowAnswer:
        """Deletes the Schedule, and ends a show that waits to begin."""
        handle = _handle(wish.channel, wish.name)
        try:
            described = await handle.describe(rpc_timeout=RPC_TIMEOUT)
            for show in _running(described):
                await _unless_gone(show.cancel(rpc_timeout=RPC_TIMEOUT))
            await handle.delete(rpc_timeout=RPC_TIMEOUT)
        except RPCError as problem:
            if problem.status is not RPCStatusCode.NOT_FOUND:
                raise
            if activity.info().attempt > 1:
                plan = ShowPlan(id="", channel=wish.channel, name=wish.name, saved_list="")
                return ShowAnswer(shows=[Scheduled(plan=plan)])
            return _none(wish)
        return ShowAnswer(shows=[Scheduled(plan=await _plan(described, wish))])

    @activity.defn(name=START_SHOW)
    async def start_show(self, wish: ShowWish) -> ShowAnswer:
        """Begins a show at once, also one that waits for its time."""
        handle = _handle(wish.channel, wish.name)
        try:
            described = await handle.describe(rpc_timeout=RPC_TIMEOUT)
            if not (await _begin_running(described) or _is_started(described)):
                # A show that has just ended may still be known as running.
                await handle.trigger(
                    overlap=ScheduleOverlapPolicy.ALLOW_ALL, rpc_timeout=RPC_TIMEOUT
                )
        except RPCError as problem:
            if problem.status is not RPCStatusCode.NOT_FOUND:
                raise
            return _none(wish)
        return ShowAnswer(shows=[Scheduled(plan=await _plan(described, wish))])

    @activity.defn(name=LIST_SHOWS)
    async def list_shows(self, wish: ShowWish) -> ShowAnswer:
        """Those of the room, the next first."""
        now = clock.now()
        shows = [
            Scheduled(
                plan=plan,
                next=next_moment(plan, now),
                paused=bool(listed.schedule and listed.schedule.state.paused),
            )
            async for plan, listed in _of_room(wish.channel)
        ]
        shows.sort(key=lambda show: (show.next is None, show.next or now, show.plan.name))
        return ShowAnswer(shows=shows)

    @activity.defn(name=REMOVE_SHOW)
    async def remove_show(self, plan: ShowPlan) -> None:
        """Deletes the Schedule of a show that was for once, unless another has its name now."""
        handle = _handle(plan.channel, plan.name)
        try:
            described = await handle.describe(rpc_timeout=RPC_TIMEOUT)
            known = await _memo(described)
            if known and known.id == plan.id:
                await handle.delete(rpc_timeout=RPC_TIMEOUT)
        except RPCError as problem:
            if problem.status is not RPCStatusCode.NOT_FOUND:
                raise


def schedule_of(plan: ShowPlan, task_queue: str, now: datetime) -> Schedule:
    """As Temporal's UI shows it."""
    due = plan.at is not None and plan.at - timedelta(seconds=plan.early) <= now + SOON
    words = f"{plan.name}: {plan_words(plan)} ({plan.zone}), the list {plan.saved_list}"
    return Schedule(
        action=ScheduleActionStartWorkflow(
            "Show",
            plan,
            id=schedule_id(plan.channel, plan.name),
            task_queue=task_queue,
            static_summary=f"{words}, in {plan.channel}",
        ),
        spec=ScheduleSpec(
            calendars=[] if due else [_calendar(plan)],
            time_zone_name="UTC" if plan.at else plan.zone,
        ),
        policy=SchedulePolicy(
            overlap=ScheduleOverlapPolicy.SKIP,
            catchup_window=timedelta(seconds=plan.early) + LATE,
        ),
        state=ScheduleState(
            note=f"{words}; scheduled by {plan.by}",
            limited_actions=plan.at is not None,
            remaining_actions=1 if plan.at else 0,
        ),
    )


def _calendar(plan: ShowPlan) -> ScheduleCalendarSpec:
    """When the show's workflow is started: by the room's clock, or for once by that of UTC."""
    if plan.at:
        start = (plan.at - timedelta(seconds=plan.early)).astimezone(UTC)
        return ScheduleCalendarSpec(
            year=[ScheduleRange(start.year)],
            month=[ScheduleRange(start.month)],
            day_of_month=[ScheduleRange(start.day)],
            hour=[ScheduleRange(start.hour)],
            minute=[ScheduleRange(start.minute)],
            second=[ScheduleRange(start.second)],
            comment=plan_words(plan),
        )
    weekday, at = start_of_week(plan)
    # Temporal's weeks begin with Sunday.
    days = [ScheduleRange(0, 6) if weekday is None else ScheduleRange((weekday + 1) % 7)]
    return ScheduleCalendarSpec(
        day_of_week=days,
        hour=[ScheduleRange(at.hour)],
        minute=[ScheduleRange(at.minute)],
        second=[ScheduleRange(at.second)],
        comment=plan_words(plan),
    )


async def _create(plan: ShowPlan, now: datetime) -> str:
    """Why it cannot be, if so."""
    if len([plan async for plan, _ in _of_room(plan.channel)]) >= MOST_SHOWS:
        return f"This room has {MOST_SHOWS} shows, as many as it may; cancel one first."
    schedule = schedule_of(plan, activity.info().task_queue, now)
    try:
        await activity.client().create_schedule(
            schedule_id(plan.channel, plan.name),
            schedule,
            trigger_immediately=not schedule.spec.calendars,
            memo={MEMO: plan},
            rpc_timeout=RPC_TIMEOUT,
        )
    except ScheduleAlreadyRunningError:
        described = await _handle(plan.channel, plan.name).describe(rpc_timeout=RPC_TIMEOUT)
        known = await _memo(described)
        if known and known.id == plan.id:
            return ""
        name, when = (known.name, f", {plan_words(known)}") if known else (plan.name, "")
        return f"There is a show {name} already{when}. !schedule cancel {name} first."
    except RPCError as problem:
        if problem.status not in REFUSED:
            raise
        return f"Temporal refused that: {problem.message}"
    return ""


def _handle(channel: str, name: str) -> ScheduleHandle:
    return activity.client().get_schedule_handle(schedule_id(channel, name))


async def _of_room(channel: str) -> AsyncIterator[tuple[ShowPlan, ScheduleListDescription]]:
    """What was made by hand and has no plan is not listed."""
    async for listed in await activity.client().list_schedules(rpc_timeout=RPC_TIMEOUT):
        if listed.id.startswith(schedule_id(channel)) and (plan := await _memo(listed)):
            yield plan, listed


async def _memo(known: ScheduleDescription | ScheduleListDescription) -> ShowPlan | None:
    plan: ShowPlan | None = await known.memo_value(MEMO, None, type_hint=ShowPlan)
    return plan


async def _plan(known: ScheduleDescription, wish: ShowWish) -> ShowPlan:
    """What it was made of; one that was made by hand has only its name."""
    named = ShowPlan(id="", channel=wish.channel, name=wish.name, saved_list="")
    return await _memo(known) or named


def _none(wish: ShowWish) -> ShowAnswer:
    return ShowAnswer(problem=f"There is no show {wish.name}. !schedule lists them.")


def _running(known: ScheduleDescription) -> list[WorkflowHandle[Any, Any]]:
    """Shows that have been started and have not begun."""
    return [
        activity.client().get_workflow_handle(each.workflow_id)
        for each in known.info.running_actions
        if isinstance(each, Started)
    ]


async def _begin_running(known: ScheduleDescription) -> bool:
    """Whether there was one that waited."""
    found = [
        await _unless_gone(show.signal("begin", rpc_timeout=RPC_TIMEOUT))
        for show in _running(known)
    ]
    return any(found)


async def _unless_gone(asked: Awaitable[None]) -> bool:
    """Whether the workflow was there to take it."""
    try:
        await asked
    except RPCError as problem:
        if problem.status is not RPCStatusCode.NOT_FOUND:
            raise
        return False
    return True


def _is_started(known: ScheduleDescription) -> bool:
    """Whether an earlier try of this activity has started it."""
    asked_at = activity.info().scheduled_time
    return any(each.started_at >= asked_at for each in known.info.recent_actions)
