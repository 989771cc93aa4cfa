"""The activities behind `Connection`: who has it, holding it, leaving."""

import asyncio
import logging
from contextlib import suppress
from datetime import datetime, timedelta

import nats.errors
from pydantic import AwareDatetime, BaseModel
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.service import RPCError

from activities.connection.session import Session
from rosey import clock, subjects, tasks
from rosey.backoff import platform_delay
from rosey.contracts.connection import (
    CLAIM,
    ELSEWHERE,
    HOLD,
    LEAVE,
    OBSERVED,
    STOPPED,
    Claim,
    Hold,
    Leave,
    Observed,
    Progress,
)
from rosey.durable.surroundings import Activities, ConnectionSurroundings
from rosey.platform import PlatformError, Verdict

log = logging.getLogger("activities.connection")

OFFER_EVERY = 2.0
OFFER_LASTS = timedelta(seconds=5)
BEAT_EVERY = 1.0
OBSERVE_EVERY = 5.0
LASTED = timedelta(minutes=1)
# A jump of the film by so many seconds is worth telling.
SEEK = 10.0
BENIGN = ApplicationErrorCategory.BENIGN


class Offer(BaseModel):
    """An entry `<connection>.offer`: a process that can hold the connection."""

    queue: str
    at: AwareDatetime


class ConnectionActivities:
    """The desk of one process: its session stays while attempts to hold it come and go."""

    def __init__(self, surroundings: ConnectionSurroundings) -> None:
        self.bus = surroundings.bus
        self.connection = surroundings.connection
        self.channel = surroundings.channel
        self.queue = surroundings.queue
        self._make_connector = surroundings.connector
        self._spool = surroundings.spool
        self._session: Session | None = None
        self._running: asyncio.Task[None] | None = None
        self._left = 0
        self._offering: asyncio.Task[None] | None = None
        self._arrived = asyncio.Event()
        self.shared: Activities = [self.claim]
        self.own: Activities = [self.hold, self.leave]

    # -- the process ---------------------------------------------------------------------

    async def open(self) -> None:
        """Offers to hold the connection, and goes on offering."""
        await self._offer()
        self._offering = asyncio.create_task(self._keep_offering(), name="offer")

    async def arrived(self) -> None:
        """Waits until the room was joined or refused us for the first time."""
        await self._arrived.wait()

    async def close(self) -> None:
        """Leaves the room in good order."""
        if self._offering:
            await tasks.end(self._offering)
        await self._leave()

    async def _offer(self) -> None:
        bucket = self.bus.bucket(subjects.CONNECTIONS_BUCKET)
        offer = Offer(queue=self.queue, at=clock.now())
        await bucket.put(f"{self.connection}.offer", offer.model_dump_json().encode())

    async def _keep_offering(self) -> None:
        while True:
            await asyncio.sleep(OFFER_EVERY)
            with suppress(nats.errors.Error, TimeoutError):
                async with asyncio.timeout(OFFER_EVERY):
                    await self._offer()

    async def _leave(self) -> None:
        session, running = self._session, self._running
        self._session = self._running = None
        if session:
            await session.close()
        if running:
            await tasks.end(running)

    def _running_session(self) -> tuple[Session, "asyncio.Task[None]"]:
        """The session that is alive, or a new attempt to join."""
        if self._session is None:
            self._session = Session(
                self.bus, self.connection, self.channel, self._make_connector(), self._spool
            )
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._session.run(), name="session")
        return self._session, self._running

    # -- activities ----------------------------------------------------------------------

    @activity.defn(name=CLAIM)
    async def claim(self, connection: str) -> Claim:
        """The queue of a live process that can hold the connection; fails until there is one."""
        bucket = self.bus.bucket(subjects.CONNECTIONS_BUCKET)
        key = f"{connection}.offer"
        first = _offer(await bucket.get(key))
        if first and abs(clock.now() - first.at) <= OFFER_LASTS:
            return Claim(queue=first.queue)
        # Clocks may differ between machines: an offer that is renewed before our eyes counts.
        await asyncio.sleep(OFFER_EVERY * 1.25)
        second = _offer(await bucket.get(key))
        if second is None or second == first:
            raise ApplicationError(f"no process offers to hold {connection!r}", category=BENIGN)
        return Claim(queue=second.queue)

    @activity.defn(name=LEAVE)
    async def leave(self, leave: Leave) -> None:
        """Leaves the room because somebody said so."""
        self._left = max(self._left, leave.turn)
        await self._leave()

    @activity.defn(name=HOLD)
    async def hold(self, hold: Hold) -> None:
        """Keeps the session alive, or takes a living one over; fails when it is lost.

        Being cancelled does not leave the room: the next attempt finds the session here. Only
        `leave` and the end of this process do, and that is not a failure of the platform.
        """
        if hold.turn <= self._left:
            return
        progress = _earlier_progress()
        session, running = self._running_session()
        ending = asyncio.create_task(activity.wait_for_worker_shutdown())
        try:
            await self._accompany(session, running, progress, ending)
        finally:
            ending.cancel()
        self._arrived.set()
        if ending.done() and not ending.cancelled():
            await self.close()
            raise ApplicationError(
                "this process ends; another takes over",
                category=BENIGN,
                next_retry_delay=timedelta(seconds=0.1),
            )
        if self._session is session and not running.cancelled():
            await self._explain(session, running.exception(), progress)

    async def _accompany(
        self,
        session: Session,
        running: "asyncio.Task[None]",
        progress: Progress,
        ending: "asyncio.Task[None]",
    ) -> None:
        """Sends heartbeats and snapshots until the session or the process ends."""
        shown: Observed | None = None
        seconds = asyncio.get_running_loop().time
        next_look = seconds()
        while not (running.done() or ending.done()):
            activity.heartbeat(progress)
            if session.connected_since:
                progress.connected_since = session.connected_since
                if clock.now() - session.connected_since >= LASTED:
                    progress.failures = 0
                self._arrived.set()
                if seconds() >= next_look:
                    next_look = seconds() + OBSERVE_EVERY
                    shown = await self._report(_seen(session, progress), shown)
            pause = BEAT_EVERY if session.connected_since else 0.1
            await asyncio.wait((running, ending), timeout=pause, return_when="FIRST_COMPLETED")

    async def _report(self, seen: Observed, shown: Observed | None = None) -> Observed | None:
        """Tells the workflow how the room looks when that has changed."""
        if shown and _still(seen) == _still(shown):
            return shown
        info = activity.info()
        handle = activity.client().get_workflow_handle(info.workflow_id or "")
        try:
            await handle.signal(OBSERVED, seen, rpc_timeout=timedelta(seconds=2))
        except RPCError as problem:  # the room matters more than its picture
            log.info("the workflow did not take the room's state: %s", problem)
            return shown
        return seen

    async def _explain(
        self, session: Session, problem: BaseException | None, progress: Progress
    ) -> None:
        """Turns the session's end into a failure that Temporal retries as the platform wants."""
        if not isinstance(problem, PlatformError):
            log.error("the session failed", exc_info=problem)
        await session.connector.disconnect()
        verdict = problem.verdict if isinstance(problem, PlatformError) else Verdict.RETRY
        if verdict is not Verdict.RETRY:
            kind = STOPPED if verdict is Verdict.STOP else ELSEWHERE
            raise ApplicationError(str(problem), type=kind, non_retryable=True)
        lasted = progress.connected_since and clock.now() - progress.connected_since
        failures = 1 if lasted and lasted >= LASTED else progress.failures + 1
        activity.heartbeat(Progress(failures=failures))
        log.warning("%s: %s (failure %d in a row)", self.channel, problem, failures)
        lost = _seen(session, progress)
        await self._report(
            lost.model_copy(update={"failures": failures, "last_error": str(problem)})
        )
        raise ApplicationError(
            str(problem),
            type="PlatformError",
            category=BENIGN,
            next_retry_delay=timedelta(seconds=platform_delay(failures)),
        )


def _offer(found: bytes | None) -> Offer | None:
    return Offer.model_validate_json(found) if found else None


def _seen(session: Session, progress: Progress) -> Observed:
    """Without the playlist, which may be long and would fill the workflow's history."""
    return Observed(
        connected=session.connected_since is not None,
        since=session.connected_since,
        failures=progress.failures,
        room=session.connector.state.model_copy(update={"playlist": []}, deep=True),
    )


def _earlier_progress() -> Progress:
    details = activity.info().heartbeat_details
    with suppress(ValueError, TypeError):
        if details:
            return Progress(failures=Progress.model_validate(details[0]).failures)
    return Progress()


def _still(observed: Observed) -> tuple[str, int]:
    """A snapshot without what moves by itself: of the position only where the film began."""
    room = observed.room
    began = 0.0
    if room.media and room.media_at:
        began = datetime.fromisoformat(room.media_at).timestamp() - room.position
    rest = observed.model_dump_json(exclude={"room": {"position", "media_at"}})
    return rest, round(began / SEEK)
