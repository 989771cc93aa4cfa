"""Shows on a real Temporal, with the room's playlist and saved lists in memory."""

import dataclasses
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError
from temporalio.testing import ActivityEnvironment, WorkflowEnvironment

from activities.playlist.schedules import ScheduleActivities
from activities.playlist.shows import ShowActivities
from rosey.contracts.shows import ShowAnswer, ShowCall, ShowPlan, ShowWish
from rosey.shows import schedule_id
from temporal.worker import make_worker
from tests.memory_service import MemoryService, fields
from tests.workflows.playlist.theatre import Theatre
from workflows.playlist.show import Show
from workflows.playlist.workflow import Playlist

TABLES = {
    "list_items": [
        *fields("string", "channel list media_type title added_by name_key", required=True),
        *fields("text", "media_id", required=True),
        *fields("integer", "position"),
        *fields("float", "duration"),
    ]
}


class SavedLists(MemoryService):
    """The lists of all rooms; they can be away."""

    async def __call__(self, kind: str, op: str, request: bytes, patience: float) -> bytes:
        self.hear(op, request)
        return await super().__call__(kind, op, request, patience)


class Screening:
    """A room of its own; `wish` is what somebody asks there."""

    def __init__(self, environment: WorkflowEnvironment) -> None:
        self.client: Client = environment.client
        self.theatre = Theatre(environment)
        self.lists = SavedLists(TABLES, {})
        self.queue = f"playlist-{uuid.uuid4().hex}"
        self.channel = f"lounge/{uuid.uuid4().hex[:8]}"

    async def save(self, name: str, *films: str) -> None:
        """A list of that name."""
        for position, film in enumerate(films):
            row = {
                "channel": self.channel,
                "list": name,
                "position": position,
                "media_type": "yt",
                "media_id": film,
                "title": film,
                "duration": 60.0,
                "added_by": "alice",
                "name_key": "alice",
            }
            await self.lists.client.insert("list_items", row)

    async def begins(self, count: int) -> None:
        """So many lines have been said, and the last is that a show begins."""
        await self.theatre.until_said(count)
        assert self.theatre.lines[-1] == "🎬 Friday Horror begins: 2 films, first Halloween."
        assert len(self.theatre.lines) == count

    async def order(self, action: str, text: str = "", **settings: Any) -> None:
        """What a moderator says in the room; it is answered there."""
        await self.theatre.order(
            action, user="mod", rank=2, text=text, sent_at=datetime.now(UTC), settings=settings
        )

    async def said(self, action: str, text: str = "", **settings: Any) -> str:
        """The answer to that."""
        count = len(self.theatre.lines)
        await self.order(action, text, **settings)
        await self.theatre.until_said(count + 1)
        return self.theatre.lines[count]

    def schedule(self, name: str = "friday-horror") -> Any:
        return self.client.get_schedule_handle(schedule_id(self.channel, name))

    def plan(self, **fields: Any) -> ShowPlan:
        given = {"id": "c-1", "channel": self.channel, "name": "Friday Horror", "by": "mod"}
        return ShowPlan.model_validate({"saved_list": "horror"} | given | fields)

    def wish(self, kind: str, plan: ShowPlan | None = None, **fields: Any) -> ShowWish:
        given = {"id": "c-1", "kind": kind, "channel": self.channel, "by": "mod"}
        return ShowWish.model_validate(given | {"name": "Friday Horror", "plan": plan} | fields)

    async def act(self, name: str, wish: ShowWish | ShowPlan) -> ShowAnswer:
        """One activity by itself."""
        activity = getattr(ScheduleActivities(self.lists.client), name)
        answer: ShowAnswer = await self._run(activity, wish, datetime.now(UTC))
        return answer

    async def tell(self, name: str, call: ShowCall, since: datetime | None = None) -> None:
        """One of a show's activities by itself, which has been tried `since` then."""
        activity = getattr(ShowActivities(self.lists.client), name)
        await self._run(activity, call, since or datetime.now(UTC))

    async def _run(self, activity: Any, given: object, since: datetime) -> Any:
        environment = ActivityEnvironment(client=self.client)
        environment.info = dataclasses.replace(
            environment.info, task_queue=self.queue, scheduled_time=since
        )
        return await environment.run(activity, given)

    async def shows(self) -> list[tuple[str, WorkflowExecutionStatus | None]]:
        """The room's Show workflows."""
        query = f"WorkflowType = 'Show' AND TaskQueue = '{self.queue}'"
        return [(each.id, each.status) async for each in self.client.list_workflows(query)]

    async def result(self, workflow_id: str) -> str:
        try:
            return str(await self.client.get_workflow_handle(workflow_id).result())
        except WorkflowFailureError as problem:
            return repr(problem.cause)


@asynccontextmanager
async def opened(environment: WorkflowEnvironment) -> AsyncIterator[Screening]:
    screening = Screening(environment)
    database = screening.lists.client
    activities = [
        *screening.theatre.activities,
        *ScheduleActivities(database).activities,
        *ShowActivities(database).activities,
    ]
    worker = make_worker(environment.client, screening.queue, [Playlist, Show], activities)
    async with worker:
        screening.theatre.handle = await environment.client.start_workflow(
            "Playlist", id=f"playlist:{screening.channel}", task_queue=screening.queue
        )
        yield screening
