"""A room for the workflow alone: a platform's list in memory that plays on Temporal's clock."""

import uuid
from collections.abc import Callable
from typing import Any

from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from rosey.contracts.chat import ANNOUNCE, Announced, Announcement
from rosey.contracts.media import LOOK_UP, FoundMedia, LookedUp, Wanted
from rosey.contracts.playlist import (
    EDIT_PLAYLIST,
    LOAD_LIST,
    LOAD_QUEUE,
    RECORD_PLAYLIST,
    Edits,
    Item,
    LoadedList,
    LoadedQueue,
    LoadList,
    LoadQueue,
    PlaylistChange,
)
from rosey.durable import Order
from rosey.events import Outcome
from tests.workflows.playlist.platform import CHANNEL, FakeList
from workflows.playlist.models import PlaylistState, QueueState, Room

SECONDS = 60.0


class Theatre:
    """The activities of a playlist, and what people do in the room."""

    def __init__(self, clock: WorkflowEnvironment) -> None:
        self.clock = clock
        # Only the list's half of it is used: the workflow has a room of its own.
        self.list = FakeList(Room(channel=CHANNEL))
        self.lines: list[str] = []
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.changes: list[PlaylistChange] = []
        self.copy: list[Item] = []
        self.lists: dict[str, list[FoundMedia]] = {}
        self.tries = 0
        self.away = False
        self.handle: WorkflowHandle[Any, Any] | None = None
        self.seq = 0

    # -- activities ------------------------------------------------------------------------

    @activity.defn(name=ANNOUNCE)
    async def announce(self, said: Announcement) -> Announced:
        self.lines += said.lines
        self.events += [(event.name, event.data) for event in said.events]
        return Announced(action_id="a")

    @activity.defn(name=LOOK_UP)
    async def look_up(self, wanted: Wanted) -> LookedUp:
        if "nothing" in wanted.text:
            return LookedUp(problem="Nothing like that is known.")
        media = FoundMedia(type="yt", id=wanted.text, title=wanted.text, seconds=SECONDS)
        return LookedUp(media=media)

    @activity.defn(name=EDIT_PLAYLIST)
    async def edit(self, edits: Edits) -> None:
        for number, edit in enumerate(edits.edits):
            self.list.edits.append((edits.session, f"{edits.id}-{number}", edit))

    @activity.defn(name=RECORD_PLAYLIST)
    async def record(self, change: PlaylistChange) -> None:
        self.tries += 1
        if self.away:
            raise RuntimeError("the database is not there")
        self.changes.append(change)
        if change.queue is not None:
            self.copy = change.queue

    @activity.defn(name=LOAD_QUEUE)
    async def load(self, wish: LoadQueue) -> LoadedQueue:
        return LoadedQueue(items=self.copy)

    @activity.defn(name=LOAD_LIST)
    async def load_list(self, wish: LoadList) -> LoadedList:
        return LoadedList(items=self.lists.get(wish.name, []))

    @property
    def activities(self) -> list[Callable[..., Any]]:
        return [self.announce, self.look_up, self.edit, self.record, self.load, self.load_list]

    # -- the room --------------------------------------------------------------------------

    async def order(self, action: str, **fields: object) -> Outcome:
        self.seq += 1
        given = {"id": f"c-{uuid.uuid4().hex}", "action": action, "seq": self.seq} | fields
        assert self.handle
        outcomes: list[Outcome] = await self.handle.execute_update(
            "deliver", [Order.model_validate(given)], result_type=list[Outcome]
        )
        return outcomes[0]

    async def pass_on(self) -> bool:
        """Carries out what was asked of the list, and tells the workflow what happened."""
        self.list.now = await self.clock.get_current_time()
        while self.list.edits:
            self.list.carry_out()
        told = bool(self.list.frames)
        while self.list.frames:
            action, event = self.list.frames.popleft()
            await self.order(action, event=event.model_dump(mode="json"))
        return told

    async def until(self, holds: Callable[[PlaylistState], bool]) -> PlaylistState:
        """Lets the room go on until the workflow is as wanted."""
        state = await self.state()
        for _ in range(400):
            if not await self.pass_on():
                state = await self.state()
                if holds(state) and not self.list.edits:
                    return state
                await self.clock.sleep(0.25)
        raise AssertionError(f"in vain: {state}, said {self.lines}")

    async def until_said(self, count: int) -> None:
        """So many lines have been said."""
        await self.until(lambda _: len(self.lines) >= count)

    async def at_rest(self) -> PlaylistState:
        """Nothing is under way any more."""
        return await self.until(lambda state: not (state.pending or state.unrecorded))

    async def play(self) -> None:
        """What is on plays to its end."""
        await self.clock.sleep(SECONDS + 5)
        self.list.now = await self.clock.get_current_time()
        self.list.next()
        await self.at_rest()

    async def state(self) -> PlaylistState:
        assert self.handle
        state: PlaylistState = await self.handle.query("state", result_type=PlaylistState)
        return state

    async def queue(self) -> list[str]:
        assert self.handle
        state: QueueState = await self.handle.query("queue", result_type=QueueState)
        return [item.title for item in state.items]
