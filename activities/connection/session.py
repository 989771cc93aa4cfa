"""One process's session with a platform: events to the bus, actions to the room, each once."""

import asyncio
import logging
from datetime import UTC, datetime

from activities.connection.outbox import Outbox
from activities.connection.record import (
    InFlight,
    Record,
    Verdict,
    first_join,
    has_gap,
    is_echo,
    milliseconds,
    missed,
    verdict,
)
from rosey import ids, streams, subjects
from rosey.bus import Bucket, Bus, Consumer, Delivery, Poison
from rosey.contracts.connection import Observed
from rosey.events import Action, ConnectionEvent, Message, Sent
from rosey.platform import Connector, Entry, Occurrence, PlatformError, Refusal

log = logging.getLogger("activities.connection")

ACK_WAIT = 2.0
ECHO_PATIENCE = 10.0
MOST_TRIES = 5
SAVE_EVERY = 1.0
LINE_KINDS = ("say", "pm")

Answer = datetime | Refusal | None


class Session:
    """Joins with `run`, again and again; what is to be said waits while the room is away."""

    def __init__(self, bus: Bus, connection: str, channel: str, connector: Connector) -> None:
        self.bus = bus
        self.connection = connection
        self.channel = channel
        self.connector = connector
        self.connected_since: datetime | None = None
        self.outbox = Outbox(bus)
        self._record: Record | None = None
        self._bucket: Bucket | None = None
        self._inside = asyncio.Event()
        self._answer: asyncio.Future[Answer] | None = None
        self._unsaved = False
        self._consumer: Consumer | None = None
        self._saver: asyncio.Task[None] | None = None

    @property
    def record(self) -> Record:
        assert self._record is not None
        return self._record

    @property
    def observed(self) -> Observed:
        connected = self._inside.is_set()
        room = self.connector.state.model_copy(deep=True)
        return Observed(connected=connected, since=self.connected_since, room=room)

    async def run(self) -> None:
        """Joins and stays until the connection is lost. Raises PlatformError with the reason."""
        if self._bucket is None:
            await self._open()
        entry = await self.connector.connect()
        try:
            await self._arrive(entry)
            async for occurrence in self.connector.recv_events():
                self._take(occurrence)
            raise PlatformError("the platform ended the session")
        except PlatformError as problem:
            self._lost(str(problem))
            raise
        finally:
            self._lost("left")

    async def close(self) -> None:
        """Leaves in good order; what was not said waits for the next process."""
        if self._consumer:
            await self._consumer.stop()
        await self.connector.disconnect()
        self._lost("left")
        if self._saver:
            self._saver.cancel()
            await asyncio.gather(self._saver, return_exceptions=True)
        if self._record and self._unsaved:
            await self._save()
        await self.outbox.stop()

    async def _open(self) -> None:
        self._bucket = await self.bus.bucket(subjects.CONNECTIONS_BUCKET)
        saved = await self._bucket.get(self.connection)
        self._record = Record.model_validate_json(saved) if saved else None
        self.outbox.start()
        self._saver = asyncio.create_task(self._save_now_and_then(), name="save the record")
        # One at a time: after a crash the line that was under way comes before all later ones.
        self._consumer = await self.bus.consume(
            streams.SENDS,
            f"send-{self.connection}",
            [subjects.send(self.connection)],
            self._deliver,
            ack_wait=ACK_WAIT,
            at_once=1,
        )

    # -- coming and going ------------------------------------------------------------------

    async def _arrive(self, entry: Entry) -> None:
        now = datetime.now(UTC)
        gap = False
        if self._record is None:
            self._record = first_join(entry.backlog)
        else:
            gap = has_gap(self.record, entry.backlog, entry.backlog_limit)
            self._decide(entry)
            for message in missed(self.record, entry.backlog, now):
                self._publish_message(message)
        if gap:
            log.warning("%s: lines were missed while Rosey was away", self.channel)
        await self._save()
        self.connected_since = now
        self._publish_connection(subjects.CONNECTION_UP, now, f"joined as {entry.name}", gap)
        self._inside.set()

    def _lost(self, reason: str) -> None:
        if not self._inside.is_set():
            return
        self._inside.clear()
        self.connected_since = None
        self._publish_connection(subjects.CONNECTION_DOWN, datetime.now(UTC), reason, False)
        self._hear(None)

    def _publish_connection(self, subject: str, now: datetime, reason: str, gap: bool) -> None:
        event = ConnectionEvent(
            id=ids.derive("u", subject, self.channel, milliseconds(now)),
            channel=self.channel,
            at=now,
            reason=reason,
            gap=gap,
        )
        self.outbox.put(subject, event.wire(), event.id)

    def _decide(self, entry: Entry) -> None:
        """What the backlog says of the line that was under way when we were last here."""
        waiting = self.record.in_flight
        if waiting is None:
            return
        became, shown_at = verdict(self.record, entry.backlog, entry.backlog_limit)
        if became is Verdict.SHOWN and shown_at:
            self._confirm(waiting, shown_at)
        elif became is Verdict.UNDECIDED:
            self.record.undecided += 1
            log.warning("nobody can tell whether %s was shown; it stays", waiting.action.id)
            self.record.finish(waiting.action.id)

    # -- from the platform -----------------------------------------------------------------

    def _take(self, occurrence: Occurrence | Refusal) -> None:
        if isinstance(occurrence, Refusal):
            log.info("%s: a line was refused: %s", self.channel, occurrence.reason)
            self._hear(occurrence)
            return
        self._publish_raw(occurrence)
        for subject, event in occurrence.events:
            if isinstance(event, Message):
                self._publish_message(event)
                self._recognise(event)
            else:
                self.outbox.put(subject, event.wire(), str(getattr(event, "id", "")))

    def _publish_raw(self, occurrence: Occurrence) -> None:
        data = occurrence.model_dump_json(include={"name", "payload"}).encode()
        self.outbox.put(subjects.raw(self.connection, occurrence.family), data)

    def _publish_message(self, message: Message) -> None:
        subject = subjects.PM if message.pm else subjects.MESSAGE
        self.outbox.put(subject, message.wire(), message.id)
        if not message.pm:
            self.record.seen_at = max(self.record.seen_at, milliseconds(message.sent_at))
            self._unsaved = True

    def _recognise(self, message: Message) -> None:
        """Our own line has come back: it has been said."""
        waiting = self.record.in_flight
        if waiting and self._answer and is_echo(message, waiting):
            self._confirm(waiting, message.sent_at)
            self._hear(message.sent_at)

    def _confirm(self, waiting: InFlight, shown_at: datetime) -> None:
        if waiting.action.kind == "say":
            self.record.confirmed_at = max(self.record.confirmed_at, milliseconds(shown_at))
        if waiting.is_last:
            self.record.finish(waiting.action.id)
            sent = Sent(action_id=waiting.action.id, channel=self.channel, sent_at=shown_at)
            self.outbox.put(subjects.SENT, sent.wire(), waiting.action.id)
        else:
            waiting.line += 1
        self._unsaved = True

    def _hear(self, answer: Answer) -> None:
        if self._answer and not self._answer.done():
            self._answer.set_result(answer)

    # -- to the platform -------------------------------------------------------------------

    async def _deliver(self, delivery: Delivery) -> None:
        action = Action.read(delivery.data)
        if action.kind not in LINE_KINDS:
            raise Poison(f"{action.kind} is not something this platform can do")
        lines = self.connector.lines(action.text)
        if not lines:
            return
        tries = 0
        while True:
            await self._inside.wait()
            if action.id in self.record.done:
                return
            if tries >= MOST_TRIES:
                self.record.finish(action.id)
                raise Poison(f"refused {tries} times")
            answer = await self._say(action, lines)
            if isinstance(answer, Refusal):
                tries += 1
                await self._bear(action, answer)
            elif answer is not None:
                tries = 0

    async def _say(self, action: Action, lines: list[str]) -> Answer:
        """Sends the line that is due and waits for what becomes of it."""
        record = self.record
        if record.in_flight is None or record.in_flight.action.id != action.id:
            record.in_flight = InFlight(action=action, lines=lines)
        await self._save()
        self._answer = asyncio.get_running_loop().create_future()
        try:
            await self._send(action, record.in_flight.text)
            return await asyncio.wait_for(self._answer, ECHO_PATIENCE)
        except TimeoutError:
            return Refusal(reason="the room did not show it", retry_after=0)
        except ConnectionError:
            await asyncio.sleep(0.05)  # the loss is on its way to `run`
            return None
        except (PermissionError, ValueError) as problem:
            return Refusal(reason=str(problem))
        finally:
            self._answer = None

    async def _send(self, action: Action, line: str) -> None:
        if action.kind == "pm":
            await self.connector.send_pm(action.to, line)
        else:
            await self.connector.send_message(line)

    async def _bear(self, action: Action, refusal: Refusal) -> None:
        if refusal.retry_after is None:
            self.record.finish(action.id)
            raise Poison(f"refused: {refusal.reason}")
        await asyncio.sleep(refusal.retry_after)

    # -- memory ----------------------------------------------------------------------------

    async def _save(self) -> None:
        assert self._bucket
        self._unsaved = False
        await self._bucket.put(self.connection, self.record.model_dump_json().encode())

    async def _save_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(SAVE_EVERY)
            if self._unsaved:
                try:
                    await self._save()
                except Exception as problem:  # the bus is away; the next second will do
                    self._unsaved = True
                    log.info("the record of %s waits: %s", self.connection, problem)
