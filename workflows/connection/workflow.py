"""A connection that is kept up: `connection:<name>`. The socket belongs to a process."""

from contextlib import suppress
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, TimeoutError
from temporalio.workflow import ActivityHandle

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
)
from workflows.connection.models import ConnectionState, Link, Request

RENEW_AT = 500
FOR_EVER = timedelta(days=3650)
HEARTBEAT = timedelta(seconds=5)
TO_START = timedelta(seconds=10)
# A lost process costs the heartbeat and this; the platform's own delays come with its failures.
STEADY = RetryPolicy(initial_interval=timedelta(seconds=1), backoff_coefficient=1.0)


@workflow.defn(name="Connection")
class Connection:
    """Claims a process, has it hold the connection, and begins again when it dies."""

    @workflow.init
    def __init__(self, link: Link | None = None) -> None:
        self.link = link or Link()
        name = workflow.info().workflow_id.partition(":")[2]
        self.link.connection = self.link.connection or name
        self.nudged = False

    @workflow.signal(name="connect", description="Go to the room, also after a ban or a kick")
    def connect_signal(self, request: Request | None = None) -> None:
        self._want(True)

    @workflow.update(name="connect", description="Go to the room, also after a ban or a kick")
    def connect_update(self, request: Request | None = None) -> ConnectionState:
        return self._want(True)

    @workflow.signal(name="disconnect", description="Leave the room and stay away")
    def disconnect_signal(self, request: Request | None = None) -> None:
        self._want(False)

    @workflow.update(name="disconnect", description="Leave the room and stay away")
    def disconnect_update(self, request: Request | None = None) -> ConnectionState:
        return self._want(False)

    @workflow.signal(name=OBSERVED, description="For the connector: how the room looks")
    def observed(self, observed: Observed | None = None) -> None:
        if isinstance(observed, Observed):  # by hand it may be bytes
            self.link.seen = observed
            self._show()

    @workflow.query(name="state", description="People, ranks, permissions, what plays")
    def state(self) -> ConnectionState:
        link, seen = self.link, self.link.seen
        return ConnectionState(
            connection=link.connection,
            wanted=link.wanted,
            connected=seen.connected,
            queue=link.queue,
            since=seen.since,
            stopped=link.stopped,
            failures=seen.failures,
            last_error=seen.last_error,
            room=seen.room,
            position=_position(seen, workflow.now()),
        )

    def _want(self, wanted: bool) -> ConnectionState:
        # Asked again while waiting to try again: try now.
        self.nudged = wanted and self.link.wanted and not self.link.seen.connected
        self.link.wanted = wanted
        self.link.stopped = "" if wanted else "asked to leave"
        self._show()
        return self.state()

    @workflow.run
    async def run(self, link: Link | None = None) -> None:
        while True:
            self._show()
            if self.link.wanted:
                await self._hold()
            else:
                await workflow.wait_condition(lambda: self.link.wanted or _is_long())
            if _is_long():
                await workflow.wait_condition(workflow.all_handlers_finished)
                workflow.continue_as_new(self.link)

    async def _hold(self) -> None:
        """One process's time with the connection; ends for a new claim, a wish or a new run."""
        if not self.link.queue:
            self.link.queue = await self._claim()
        self.link.turn += 1
        self.nudged = False
        holding: ActivityHandle[None] = workflow.start_activity(
            HOLD,
            Hold(connection=self.link.connection, turn=self.link.turn),
            task_queue=self.link.queue,
            schedule_to_start_timeout=TO_START,
            start_to_close_timeout=FOR_EVER,
            heartbeat_timeout=HEARTBEAT,
            retry_policy=STEADY,
            summary=f"hold {self.link.connection}",
        )
        await workflow.wait_condition(
            lambda: holding.done() or self.nudged or not self.link.wanted or _is_long()
        )
        if holding.done():
            await self._ended(holding)
            return
        # The session outlives this: leaving is a deed of its own, and a new run takes it over.
        holding.cancel()
        with suppress(ActivityError):
            await holding
        if not self.link.wanted:
            await self._leave()

    async def _claim(self) -> str:
        claim: Claim = await workflow.execute_activity(
            CLAIM,
            self.link.connection,
            result_type=Claim,
            start_to_close_timeout=TO_START,
            retry_policy=STEADY,
            summary="find a process",
        )
        return claim.queue

    async def _ended(self, holding: ActivityHandle[None]) -> None:
        self.link.seen.connected = False
        try:
            await holding
        except ActivityError as problem:
            cause = problem.cause
            if isinstance(cause, ApplicationError) and cause.type in (STOPPED, ELSEWHERE):
                self.link.wanted = False
                self.link.stopped = cause.message
            elif isinstance(cause, TimeoutError):
                self.link.queue = ""  # nobody works there any more

    async def _leave(self) -> None:
        try:
            await workflow.execute_activity(
                LEAVE,
                Leave(turn=self.link.turn),
                task_queue=self.link.queue,
                schedule_to_close_timeout=TO_START,
                retry_policy=RetryPolicy(maximum_attempts=1),
                summary="leave",
            )
        except ActivityError as problem:
            workflow.logger.warning("nobody was there to leave: %s", problem.cause)
        self.link.seen.connected = False

    def _show(self) -> None:
        link, seen = self.link, self.link.seen
        if seen.connected:
            people = ", ".join(_plain(user.get("name", "")) for user in seen.room.users[:50])
            playing = _plain((seen.room.media or {}).get("title", "nothing"))
            text = f"**Connected** since {seen.since}\n\nPeople: {people}\n\nPlaying: {playing}"
        elif link.wanted:
            text = f"**Connecting**, {seen.failures} failures. {_plain(seen.last_error)}"
        else:
            text = f"**Away**: {_plain(link.stopped)}. Signal `connect` to go in again."
        workflow.set_current_details(text)


def _is_long() -> bool:
    info = workflow.info()
    return info.get_current_history_length() >= RENEW_AT or info.is_continue_as_new_suggested()


def _plain(text: object) -> str:
    """Somebody else's words as plain text in Markdown."""
    return "".join(f"\\{char}" if char in "\\`*_[]<>|#" else char for char in str(text))


def _position(seen: Observed, now: datetime) -> float:
    """Where the film is now, counted on from when the platform last said."""
    room = seen.room
    if room.paused or not (room.media and room.media_at):
        return room.position
    return room.position + (now - datetime.fromisoformat(room.media_at)).total_seconds()
