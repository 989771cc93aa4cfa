"""What a show's workflow has done: its moment, the warning, and its items for the playlist."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from pydantic import BaseModel
from temporalio import activity

from activities.storage.failures import HOPELESS, for_now
from rosey import clock, ids
from rosey.contracts.shows import (
    BEGIN_SHOW,
    TIME_SHOW,
    WARN_OF_SHOW,
    ShowBegins,
    ShowCall,
    ShowPlan,
    ShowSoon,
    ShowTime,
)
from rosey.durable import Order
from rosey.shows import clock_words, occurrence
from rosey.storage import Database, StorageError
from rosey.storage.saved_lists import Entry, load_list

# So long a show that is due waits for a database that is away.
PATIENCE = timedelta(minutes=30)
TO_TELL = timedelta(seconds=5)
AWAY = "the saved lists could not be read for half an hour. !schedule now begins it later."


class ShowActivities:
    """Reads the saved lists and tells the room's playlist, which is started if need be."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @property
    def activities(self) -> list[Callable[..., Any]]:
        return [self.time_show, self.warn_of_show, self.begin_show]

    @activity.defn(name=TIME_SHOW)
    async def time_show(self, plan: ShowPlan) -> ShowTime:
        """When the show that was started now begins. Here, since time zones' rules may change."""
        return ShowTime(begins=occurrence(plan, clock.now()))

    @activity.defn(name=WARN_OF_SHOW)
    async def warn_of_show(self, call: ShowCall) -> None:
        """Tells how many items there will be, if the database says."""
        plan = call.plan
        try:
            films: int | None = len(await self._entries(plan))
        except StorageError:
            films = None
        soon = ShowSoon(
            name=plan.name,
            saved_list=plan.saved_list,
            begins=call.begins,
            clock=clock_words(call.begins, plan.zone),
            films=films,
        )
        await _tell(plan.channel, "show_soon", soon)

    @activity.defn(name=BEGIN_SHOW)
    async def begin_show(self, call: ShowCall) -> None:
        """Hands over the list as it is now; the room hears why when there is nothing."""
        plan = call.plan
        begins = ShowBegins(name=plan.name, saved_list=plan.saved_list, by=plan.by)
        try:
            begins.items = [entry.media for entry in await self._entries(plan)]
        except StorageError as problem:
            if problem.code in HOPELESS:
                begins.problem = f"its list cannot be read: {problem}"
            elif clock.now() - activity.info().scheduled_time < PATIENCE:
                raise for_now(f"The list of {plan.name} is not read yet", problem) from problem
            else:
                begins.problem = AWAY
        await _tell(plan.channel, "show", begins)

    async def _entries(self, plan: ShowPlan) -> list[Entry]:
        return await load_list(self.database, plan.channel, plan.saved_list)


async def _tell(channel: str, action: str, event: BaseModel) -> None:
    """The order has the same id each time, so that it counts once."""
    info = activity.info()
    order = Order(
        id=ids.derive("s", info.workflow_id, info.workflow_run_id, action),
        action=action,
        user="show",
        event=event.model_dump(mode="json"),
    )
    await activity.client().start_workflow(
        "Playlist",
        id=f"playlist:{channel}",
        task_queue=info.task_queue,
        start_signal=action,
        start_signal_args=[order],
        static_summary=f"Playlist in {channel}",
        rpc_timeout=TO_TELL,
    )
