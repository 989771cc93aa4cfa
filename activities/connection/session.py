"""One process's session with a platform: events to the bus, actions to the room, each once."""

import asyncio
import logging
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import nats.errors
from nats.js.errors import Error as JetStreamError
from pydantic import ValidationError

from activities.connection.edits import KINDS, Edits
from activities.connection.outbox import Outbox
from activities.connection.record import (
    InFlight,
    Record,
    Verdict,
    advance,
    first_join,
    has_gap,
    milliseconds,
    missed,
    verdict,
)
from activities.connection.spool import Spool
from rosey import clock, ids, streams, subjects, tasks
from rosey.bus import Bucket, Bus, BusError, Consumer, Delivery, Poison
from rosey.events import Action, ConnectionEvent, Message, Sent, User, Wire
from rosey.platform import Connector, Entry, Occurrence, PlatformError, Refusal

log = logging.getLogger("activities.connection")

ECHO_PATIENCE = 10.0
MOST_TRIES = 5
SAVE_EVERY = 1.0
LINE_KINDS = ("say", "pm")
AWAY = (nats.errors.Error, JetStreamError, TimeoutError)

# A line's fate: shown, refused, or unknown because the connection was lost.
Answer = Message | Refusal | None


class Session:
    """Joins with `run`, again and again; what is to be said waits while the room is away."""

    def __init__(
        self, bus: Bus, connection: str, channel: str, connector: Connector, spool: Path
    ) -> None:
        self.bus = bus
        self.connection = connection
        self.channel = channel
        self.connector = connector
        self.connected_since: datetime | None = None
        self._is_fresh = True  # this process has not been in the room yet
        self.outbox = Outbox(bus, Spool(spool))
        self._edits = Edits(channel, connector, lambda *told: self.outbox.event(*told))
        self._record: Record | None = None
        self._saved = b""
        self._written = b""  # saved too, if only its acknowledgement was lost
        self._bucket: Bucket | None = None
        self._answer: asyncio.Future[Answer] | None = None
        self._handed_over = True
        self._shown = ""
        self._said = asyncio.Event()
        self._frames = 0
        self._heard_at = 0
        self._gone = asyncio.Event()
        self._silence = ""
        self._turn = asyncio.Lock()
        self._consumer: Consumer | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def record(self) -> Record:
        assert self._record is not None
        return self._record

    async def run(self) -> None:
        """Joins and stays until the connection is lost. Raises PlatformError with the reason."""
        if self._bucket is None:
            await self._open()
        entry = await self.connector.connect()
        reason = "left"
        try:
            await self._arrive(entry)
            async for occurrence in self.connector.recv_events():
                self._take(occurrence)
        except PlatformError as problem:
            reason = str(problem)
            raise
        finally:
            await self._depart(self._silence or reason)
        raise PlatformError(self._silence or "the session was ended by us")

    async def close(self) -> None:
        """Ends what is being said, leaves, and stores what is left."""
        if self._consumer:
            await self._consumer.stop()
        await self.connector.disconnect()
        if self._bucket is None:
            return
        await tasks.end(*self._tasks)
        await self.outbox.close()
        if self._unsaved:
            with suppress(*AWAY):
                await self._save()

    async def _open(self) -> None:
        self._bucket = self.bus.bucket(subjects.CONNECTIONS_BUCKET)
        self.outbox.start()
        self._tasks = [asyncio.create_task(self._save_now_and_then(), name="save the record")]

    # -- coming and going ------------------------------------------------------------------

    async def _arrive(self, entry: Entry) -> None:
        now = clock.now()
        self._silence = ""
        self._gone.clear()
        await self._recall()
        gap = False
        if self._record is None or self._record.channel != self.channel:
            self._record = first_join(self.channel, entry.backlog)
        else:
            gap = has_gap(self._record, entry.backlog, entry.backlog_limit, now, self._heard_at)
            self._decide(entry)
            for message in missed(self._record, entry.backlog, now):
                self._publish_message(message)
        if gap:
            log.warning("%s: lines were said that Rosey did not hear", self.channel)
        self.connected_since = now
        joined = ConnectionEvent(
            id=ids.derive("u", subjects.CONNECTION_UP, self.channel, now.timestamp()),
            channel=self.channel,
            at=now,
            reason=f"joined as {entry.name}",
            gap=gap,
            first=self._is_fresh,
            name=entry.name,
            users=[User.model_validate(each) for each in self.connector.state.users],
        )
        self._is_fresh = False
        self._edits.arrive(self._record, joined.id, entry.name)
        self.outbox.event(subjects.CONNECTION_UP, joined, joined.id)
        self._tasks[1:] = [
            asyncio.create_task(self._listen(), name="listen for actions"),
            asyncio.create_task(self._edits.work(), name="change the playlist"),
        ]

    async def _depart(self, reason: str) -> None:
        """Gives back what was to be said: perhaps another process is in the room now."""
        if self.connected_since is None:
            return
        self.connected_since = None
        self._gone.set()
        self._edits.depart()
        now = clock.now()
        id = ids.derive("u", subjects.CONNECTION_DOWN, self.channel, now.timestamp())
        left = ConnectionEvent(id=id, channel=self.channel, at=now, reason=reason)
        self.outbox.event(subjects.CONNECTION_DOWN, left, left.id)
        self._hear(None)
        await tasks.end(*self._tasks[1:])
        consumer, self._consumer = self._consumer, None
        if consumer:
            await consumer.stop()

    async def _listen(self) -> None:
        """Takes actions as soon as the bus gives them."""
        while self._consumer is None:
            try:
                spec = streams.sends_consumer(self.connection)
                self._consumer = await self.bus.consume(spec, self._deliver)
            except (BusError, *AWAY) as problem:
                log.info("%s waits for the bus: %s", self.connection, problem)
                await asyncio.sleep(0.2)

    def _decide(self, entry: Entry) -> None:
        """What the backlog says of the line that was under way when we were last here."""
        waiting = self.record.in_flight
        if waiting is None or not self._handed_over or self._shown == waiting.action.id:
            return
        became, shown = verdict(self.record, entry.backlog)
        if became is Verdict.SHOWN and shown:
            self._confirm(waiting, shown)
        elif became is Verdict.UNDECIDED:
            log.warning("nobody can tell whether a line of %s was shown", waiting.action.id)
            self.record.pass_over(waiting)

    # -- from the platform -----------------------------------------------------------------

    def _take(self, occurrence: Occurrence | Refusal) -> None:
        self._frames += 1
        if isinstance(occurrence, Refusal):
            log.info("%s: a line was refused: %s", self.channel, occurrence.reason)
            self._hear(occurrence)
            return
        data = occurrence.model_dump_json(include={"name", "payload"}).encode()
        frame = subjects.raw(self.connection, occurrence.family)
        self.outbox.frame(frame, data)
        with self.bus.handling(frame, {}):
            for subject, event in occurrence.events:
                if isinstance(event, Message):
                    self._publish_message(event)
                    self._recognise(event)
                else:
                    self.outbox.event(subject, event, _id_of(event))

    def _publish_message(self, message: Message) -> None:
        if message.pm:
            self.outbox.event(subjects.PM, message, message.id)
            return
        self._heard_at = advance(self._heard_at, milliseconds(message.sent_at))

        def seen() -> None:
            self.record.hear(milliseconds(message.sent_at))

        self.outbox.event(subjects.MESSAGE, message, message.id, seen)

    def _recognise(self, message: Message) -> None:
        """Our own line has come back: it is the one under way, whatever the room made of it."""
        waiting = self.record.in_flight
        if waiting is None or not message.own or waiting.action.id == self._shown:
            return
        if message.pm == (waiting.action.kind == "pm"):
            self._confirm(waiting, message)
            self._hear(message)

    def _confirm(self, waiting: InFlight, shown: Message) -> None:
        """Notes a line as shown; the last one's word goes out before any answer to it."""
        if not waiting.is_last:
            waiting.line += 1
            self.record.confirm(shown)
            return
        action_id = waiting.action.id
        self._shown = action_id
        # Its own, for the word of the action before may still be under way.
        said = self._said = asyncio.Event()

        def stored() -> None:
            self.record.confirm(shown)
            self.record.finish(action_id)
            said.set()

        sent = Sent(
            action_id=action_id,
            channel=self.channel,
            sent_at=shown.sent_at,
            kind=waiting.action.kind,
        )
        self.outbox.event(subjects.SENT, sent, action_id, stored)

    def _hear(self, answer: Answer) -> None:
        if self._answer and not self._answer.done():
            self._answer.set_result(answer)

    # -- to the platform -------------------------------------------------------------------

    async def _deliver(self, delivery: Delivery) -> None:
        """Says an action; it is acknowledged when the room has shown it all."""
        action = Action.read(delivery.data)
        is_edit = action.kind.startswith(KINDS)
        if action.kind not in LINE_KINDS and not is_edit:
            raise Poison(f"{action.kind} is not something this platform can do")
        if action.channel != self.channel:
            raise Poison(f"{action.channel} is not {self.channel}, where this connection is")
        if is_edit:
            # It is acknowledged now, so that a slow look-up holds back no line.
            self._edits.take(action, delivery.tries)
            with suppress(*AWAY):
                await self._save()
            return
        # A line given back may come again before the end of its first try.
        async with self._turn:
            await self._say_lines(delivery, action, self.connector.lines(action.text))

    async def _say_lines(self, delivery: Delivery, action: Action, lines: list[str]) -> None:
        refusals: list[str] = []
        while lines and action.id not in self.record.done:
            if action.id == self._shown:
                await self._said.wait()
            elif self.connected_since is None:
                await delivery.retry(0.0)
                return
            elif len(refusals) >= MOST_TRIES:
                self._give_up(action, f"refused {len(refusals)} times, last: {refusals[-1]}")
            else:
                last_try = delivery.tries >= MOST_TRIES
                answer = await self._say(self.record.note(action, lines, self._heard_at), last_try)
                if isinstance(answer, Refusal):
                    refusals.append(answer.reason)
                    await self._bear(action, answer)
                elif answer:
                    refusals.clear()

    async def _say(self, waiting: InFlight, last_try: bool) -> Answer:
        """Sends the line that is due and waits for what becomes of it."""
        await self._save()
        frames = self._frames
        self._answer = asyncio.get_running_loop().create_future()
        self._handed_over = True
        try:
            await self._send(waiting.action, waiting.text)
            return await asyncio.wait_for(self._answer, ECHO_PATIENCE)
        except TimeoutError:
            if self._frames > frames or last_try:
                return Refusal(reason="the room did not show it", retry_after=0)
            await self._mistrust()
            return None
        except ConnectionError:
            self._handed_over = False
            await self._gone.wait()
            return None
        except (PermissionError, ValueError) as problem:
            return Refusal(reason=str(problem))
        finally:
            self._answer = None

    async def _mistrust(self) -> None:
        """Nothing has come since the line was sent; a fresh join will show what became of it.

        Sent again at once, it would be said twice by a platform that is only slow.
        """
        self._silence = f"{self.channel} has not answered for {ECHO_PATIENCE:g} s"
        await self.connector.disconnect()
        await self._gone.wait()

    async def _send(self, action: Action, line: str) -> None:
        if action.kind == "pm":
            await self.connector.send_pm(action.to, line)
        else:
            await self.connector.send_message(line)

    async def _bear(self, action: Action, refusal: Refusal) -> None:
        if refusal.retry_after is None:
            self._give_up(action, f"refused: {refusal.reason}")
        else:
            await asyncio.sleep(refusal.retry_after)

    def _give_up(self, action: Action, reason: str) -> None:
        self.record.finish(action.id)
        raise Poison(reason)

    # -- memory ----------------------------------------------------------------------------

    async def _recall(self) -> None:
        """Reads the record; our own copy is newer unless another process has written since.

        Raises PlatformError when the bus is away and there is no copy.
        """
        assert self._bucket
        if self._record and not self.bus.is_connected:
            return
        try:
            found = await self._bucket.get(self.connection)
        except AWAY as problem:
            if self._record is None:
                raise PlatformError(f"the bus is away: {problem}") from problem
            return
        if found and found not in (self._saved, self._written):
            self._handed_over = True
            try:
                self._record = Record.model_validate_json(found)
            except ValidationError as problem:
                log.warning("%s joins as if for the first time: %s", self.connection, problem)
                self._record = None

    @property
    def _unsaved(self) -> bool:
        return self._record is not None and self._record.model_dump_json().encode() != self._saved

    async def _save(self) -> None:
        assert self._bucket
        data = self._written = self.record.model_dump_json().encode()
        await self._bucket.put(self.connection, data)
        self._saved = data

    async def _save_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(SAVE_EVERY)
            if self._unsaved:
                try:
                    await self._save()
                except AWAY as problem:
                    log.info("the record of %s waits: %s", self.connection, problem)


def _id_of(event: Wire) -> str:
    return str(getattr(event, "id", ""))
