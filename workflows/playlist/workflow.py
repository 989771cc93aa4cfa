"""A room's playlist: `playlist:<channel>`, for as long as the room is."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, TypeVar

from pydantic import BaseModel
from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, is_cancelled_exception

from rosey import ids
from rosey.contracts.chat import ANNOUNCE, Announced, Announcement
from rosey.contracts.media import LOOK_UP, LookedUp, Wanted
from rosey.contracts.playlist import (
    EDIT_PLAYLIST,
    LOAD_LIST,
    LOAD_QUEUE,
    RECORD_PLAYLIST,
    Edit,
    Edits,
    LoadedList,
    LoadedQueue,
    LoadList,
    LoadQueue,
)
from rosey.contracts.playlist_import import BRING_IN
from rosey.durable import Durable, Order, carried, handlers
from rosey.durable.base import nap
from rosey.events import Happening, Outcome
from workflows.playlist import (
    autoplay,
    brought,
    copy,
    forecast,
    heard,
    moves,
    people,
    plan,
    player,
    reports,
    show_desk,
    shows,
    texts,
)
from workflows.playlist.models import (
    SETTINGS,
    NowState,
    Pending,
    PlaylistState,
    QueueState,
    Request,
    Room,
    Settings,
)

Answer = TypeVar("Answer", bound=BaseModel)

TO_SAY = timedelta(seconds=5)
TO_LOOK_UP = timedelta(seconds=30)
TO_EDIT = timedelta(seconds=10)
TO_STORE = timedelta(seconds=10)
FEW_TRIES = RetryPolicy(maximum_attempts=3)
# Until the database is back, however long that takes.
UNTIL_DONE = RetryPolicy(maximum_interval=timedelta(minutes=1))
LOOK_UPS_AT_ONCE = 5
EVENTS_AT_ONCE = 100
LONGEST_NAP = 24 * 3600.0


@workflow.defn(name="Playlist")
class Playlist(Durable):
    """Keeps what was asked for, and the platform's list in step with it."""

    @workflow.init
    def __init__(self, given: object = None, *_: object) -> None:
        self.room = carried(given, Room)
        self.room.channel = self.room.channel or workflow.info().workflow_id.partition(":")[2]
        self.room.era = self.room.era or workflow.uuid4().hex[:8]
        self.kept = self.room.kept
        self.unsaid = self.room.unsaid
        self.stirred = True
        self.beside: dict[str, asyncio.Task[None]] = {}

    add_signal, add_update = handlers("add", 'Add: {"user": "bob", "text": "https://youtu.be/..."}')
    remove_signal, remove_update = handlers("remove", 'Take out by its number: {"text": "3"}')
    move_signal, move_update = handlers("move", 'What is third comes first: {"text": "3 1"}')
    skip_signal, skip_update = handlers("skip", "Skip what plays")
    vote_signal, vote_update = handlers("vote", 'A vote to skip: {"user": "bob"}')
    clear_signal, clear_update = handlers("clear", "Empty the queue")
    shuffle_signal, shuffle_update = handlers("shuffle", "Shuffle the queue")
    schedule_signal, schedule_update = handlers("schedule", shows.HELP)
    cancel_signal, cancel_update = handlers("schedule_cancel", "Cancel a show: by its name")
    now_signal, now_update = handlers("schedule_now", "Begin a show at once: by its name")
    soon_signal, soon_update = handlers("show_soon", "For the Show workflow: it begins soon")
    show_signal, show_update = handlers("show", "For the Show workflow: it begins now")

    @workflow.query(name="queue", description="What waits, in order")
    def queue(self, order: Order | None = None) -> QueueState:
        items = [player.item_of(entry) for entry in self.room.queue]
        seconds = sum(item.seconds for item in items)
        return QueueState(channel=self.room.channel, items=items, seconds=seconds)

    @workflow.query(name="now", description="What plays")
    def now(self, order: Order | None = None) -> NowState:
        return NowState(channel=self.room.channel, playing=self.room.playing)

    @workflow.query(name="state", description="How things stand")
    def state(self, order: Order | None = None) -> PlaylistState:
        return reports.state(self.room)

    @workflow.query(name="read", description="The lines that answer !queue, !now, !when, !find")
    def read(self, order: Order | None = None) -> Outcome:
        return reports.read(self.room, order or Order(action="queue"), workflow.now())

    def take(self, order: Order) -> Outcome:
        room, now = self.room, workflow.now()
        self.stirred = True
        if order.settings is not None:
            room.settings = Settings.model_validate(order.settings)
        if order.action == SETTINGS:
            return Outcome()
        if order.action == "load":
            return moves.load(room, order, now)
        if order.action == BRING_IN:
            outcome, done = brought.bring_in(room, order, now)
            self.unsaid.append(outcome)  # whoever brings it is not in the room
            return Outcome(events=[Happening(name=BRING_IN, data=done.model_dump())])
        if order.action in shows.ORDERS:
            return shows.ORDERS[order.action](room, order, now)
        if order.event is not None:
            self.unsaid += heard.heard(room, order.action, order.event, now)
            return Outcome()
        match order.action:
            case "add":
                return moves.add(room, order, now)
            case "vote":
                return moves.vote(room, order, now)
            case "shuffle":
                return moves.shuffle(room, order, workflow.random())
        if order.action in moves.AT_ONCE:
            return moves.AT_ONCE[order.action](room, order)
        return Outcome(error=f"The playlist knows no {order.action!r}.")

    @workflow.run
    async def run(self, given: object = None, *_: object) -> None:
        while True:
            self.stirred = False
            people.park(self.room, workflow.now())
            autoplay.last_of_all(self.room)
            self._work_beside()
            self._show()
            if self.unsaid:
                await self._speak()
            elif not await self._edit() and not self.unsaid:
                await self._wait()
            if self.ought_to_renew(quiet=self._is_quiet()):
                await self._renew()

    def _is_quiet(self) -> bool:
        room = self.room
        return not (self.unsaid or room.requests or room.pending or room.wishes)

    async def _renew(self) -> None:
        """Whatever is under way begins again in the next run, and is done once in effect."""
        await self.settled()
        workflow.continue_as_new(self.room)

    async def _wait(self) -> None:
        """Until there is something to do."""

        def wake() -> bool:
            return self.stirred or self.ought_to_renew(quiet=self._is_quiet())

        now = workflow.now()
        room = self.room
        ends = (heard.patience_ends(room), people.next_parking(room), autoplay.rest_ends(room, now))
        next_end = min(filter(None, ends), default=None)
        left = (next_end - now).total_seconds() if next_end else LONGEST_NAP
        if not await nap(max(1.0, min(left, LONGEST_NAP)), wake, "look after the list"):
            heard.give_up(self.room, workflow.now())

    # -- the platform's list ---------------------------------------------------------------

    async def _edit(self) -> bool:
        """Asks for the next changes of the platform's list; False when there are none."""
        wishes = plan.next_edits(self.room)
        if not wishes or self._in_vain([edit for edit, _ in wishes]):
            return False
        room, now = self.room, workflow.now()
        room.edits += 1
        room.looked = True
        edits = Edits(
            id=f"p-{room.era}-{room.edits}",
            channel=room.channel,
            session=room.platform.session,
            edits=[edit for edit, _ in wishes],
        )
        for number, (edit, entry) in enumerate(wishes):
            room.pending[ids.numbered(edits.id, number)] = Pending(edit=edit, entry=entry, at=now)
        await workflow.execute_activity(
            EDIT_PLAYLIST,
            edits,
            start_to_close_timeout=TO_EDIT,
            summary=", ".join(dict.fromkeys(edit.kind for edit in edits.edits)),
        )
        return True

    def _in_vain(self, edits: list[Edit]) -> bool:
        """Whether the same was asked before, was done, and did not help."""
        wish = f"{self.room.platform.uids} {[edit.model_dump_json() for edit in edits]}"
        platform = self.room.platform
        again, platform.tried = wish == platform.tried, wish
        if again:
            kind = edits[0].kind
            workflow.logger.warning("%s does nothing on this platform", kind)
            platform.cannot[kind] = texts.NO_EFFECT
            if kind != "look":
                self.unsaid.append(Outcome(say=[texts.cannot(kind, texts.NO_EFFECT)]))
        return again

    # -- beside the list -------------------------------------------------------------------

    def _work_beside(self) -> None:
        """Begins what nobody has to wait for, unless it is being done."""
        room = self.room
        if not room.loaded:
            self._begin("load", self._load())
        elif room.writing or copy.is_news(room):
            self._begin("record", self._record())
        if autoplay.is_wanted(room, workflow.now()):
            self._begin("autoplay", self._fill())
        for request in room.requests[:LOOK_UPS_AT_ONCE]:
            self._begin(request.id, self._look_up(request))
        if room.wishes:
            self._begin("shows", self._see_to_shows())

    async def _see_to_shows(self) -> None:
        """What was asked first: a show is scheduled before it is cancelled."""
        wish = self.room.wishes[0]
        answer = await show_desk.ask(wish)
        self.room.wishes.remove(wish)
        self.unsaid.append(shows.answered(self.room, wish, answer, workflow.now()))

    def _begin(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        if name in self.beside:
            work.close()
            return

        async def done() -> None:
            try:
                await work
            finally:
                del self.beside[name]
                self.stirred = True

        self.beside[name] = asyncio.create_task(done())

    async def _load(self) -> None:
        """Only the database knows the queue when Temporal has lost this workflow."""
        found = await self._do(LOAD_QUEUE, LoadQueue(channel=self.room.channel), LoadedQueue)
        self.unsaid += copy.loaded(self.room, found.items if found else [])

    async def _record(self) -> None:
        """Has what is new written, which may take as long as the database is away."""
        room = self.room
        room.writing = room.writing or copy.news(room)
        await self._do(RECORD_PLAYLIST, room.writing, None)
        room.writing = None

    async def _fill(self) -> None:
        """Nobody asks for anything: something of the room's own list plays."""
        room = self.room
        wanted = LoadList(channel=room.channel, name=room.settings.autoplay)
        found = await self._do(LOAD_LIST, wanted, LoadedList)
        self.unsaid += autoplay.choose(room, found.items if found else [], workflow.now())

    async def _do(self, name: str, what: BaseModel, answer: type[Answer] | None) -> Answer | None:
        try:
            found: Answer | None = await workflow.execute_activity(
                name,
                what,
                result_type=answer,
                start_to_close_timeout=TO_STORE,
                retry_policy=UNTIL_DONE,
            )
        except ActivityError as problem:
            if is_cancelled_exception(problem):
                raise
            workflow.logger.error("%s was refused: %s", name, problem.cause)
            return None
        return found

    async def _look_up(self, request: Request) -> None:
        """Finds out what was asked for, and answers."""
        settings = self.room.settings
        wanted = Wanted(
            channel=self.room.channel,
            text=request.text,
            sources=settings.sources,
            types=settings.types,
        )
        try:
            found = await workflow.execute_activity(
                LOOK_UP,
                wanted,
                result_type=LookedUp,
                start_to_close_timeout=TO_LOOK_UP,
                retry_policy=FEW_TRIES,
                summary=request.text[:60],
            )
        except ActivityError as problem:
            if is_cancelled_exception(problem):
                raise
            found = LookedUp(problem="Looking that up failed; try again in a while.")
        if request in self.room.requests:
            self.unsaid.append(moves.looked_up(self.room, request, found, workflow.now()))

    # -- saying ----------------------------------------------------------------------------

    async def _speak(self) -> None:
        """Says what came of what happened, as much as fits into one message."""
        count = events_in = 0
        while count < len(self.unsaid) and events_in < EVENTS_AT_ONCE:
            events_in += len(self.unsaid[count].events)
            count += 1
        outcomes, self.unsaid[:] = self.unsaid[:count], self.unsaid[count:]
        lines = [line for each in outcomes for line in [*each.say, *filter(None, [each.error])]]
        events = [event for each in outcomes for event in each.events]
        if not (lines or events):
            return
        await workflow.execute_activity(
            ANNOUNCE,
            Announcement(channel=self.room.channel, lines=lines, events=events),
            result_type=Announced,
            start_to_close_timeout=TO_SAY,
            summary=lines[0][:60] if lines else "events",
        )

    def _show(self) -> None:
        shown = self.room.queue[: texts.ROWS]
        starts = forecast.starts(shown, self.room.playing, workflow.now())
        workflow.set_current_details(texts.details(self.room, starts))
