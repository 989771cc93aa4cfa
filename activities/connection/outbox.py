"""From a connection to the bus: everything in order, over outages too."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import count

import nats.errors
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js.api import Header

from rosey.bus import Bus

log = logging.getLogger("activities.connection")

MOST_WAITING = 50_000
WINDOW = 1_024
HEADERS = 1_024  # bytes of what the server takes that are left for them
ACK_PATIENCE = 2.0
LOOK = 0.1  # how often what is under way, or waits for a connection, is looked at
TOO_LARGE = b'"err_code":10054'


@dataclass(slots=True)
class Item:
    """A message on its way; without an id it is a raw frame that is not kept."""

    subject: str
    data: bytes
    id: str
    stored: Callable[[], None] | None


class Outbox:
    """Sends without waiting for each acknowledgement; what is not acknowledged goes again.

    All stored messages go into one stream, and always from the first unacknowledged one on, so
    their order holds. A connection is not trusted with a second one before it has stored the
    first: a server that has just come back may take the later and not the earlier. When too
    much waits, the oldest raw frames are dropped first.
    """

    def __init__(self, bus: Bus, most_waiting: int = MOST_WAITING) -> None:
        self.bus = bus
        self.frames_dropped = 0
        self.events_lost = 0
        self.trouble = ""
        self._most_waiting = most_waiting
        self._waiting: deque[Item] = deque()
        self._frames = 0
        self._under_way: dict[int, Item] = {}
        self._numbers = count()
        self._inbox = bus.client.new_inbox()
        self._subscription: Subscription | None = None
        self._connection = -1
        self._proven = False
        self._again = False
        self._not_before = 0.0
        self._progress_at = 0.0
        self._wake = asyncio.Event()
        self._empty = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="outbox")

    def put(
        self, subject: str, data: bytes, id: str = "", stored: Callable[[], None] | None = None
    ) -> None:
        """Takes a message; it is stored when it has an `id` and only sent when it has none.

        `stored` is called when the stream has it.
        """
        item = Item(subject, data, id, stored)
        if len(data) > self.bus.client.max_payload - HEADERS:
            self._refuse(item)
            return
        self._waiting.append(item)
        self._frames += not id
        if len(self._waiting) > self._most_waiting:
            self._make_room()
        self._wake.set()

    @property
    def is_empty(self) -> bool:
        return not (self._waiting or self._under_way)

    async def stop(self, patience: float = 1.0) -> None:
        """Lets go out what can within `patience` seconds."""
        if self._task is None:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while not self.is_empty:
                    self._empty.clear()
                    await self._empty.wait()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        left = len(self._waiting) + len(self._under_way) - self._frames
        if left:
            log.error("events that were not stored because NATS is away: %d", left)
        if self._subscription and not self.bus.client.is_closed:
            await self._subscription.unsubscribe()

    # -- room for more ---------------------------------------------------------------------

    def _make_room(self) -> None:
        """Drops the oldest frames, a tenth of all at a time; without any, an event."""
        if not self._frames:
            self._count_lost(self._waiting.popleft().id)
            return
        if not self.frames_dropped:
            log.warning("NATS is away: the oldest raw frames are dropped from here on")
        surplus = min(self._frames, max(1, self._most_waiting // 10))
        self._frames -= surplus
        self.frames_dropped += surplus
        kept: deque[Item] = deque()
        for item in self._waiting:
            if surplus and not item.id:
                surplus -= 1
            else:
                kept.append(item)
        self._waiting = kept

    def _refuse(self, item: Item) -> None:
        """What NATS will never take must not stop the rest."""
        log.error("%s: %d bytes are more than NATS takes", item.subject, len(item.data))
        self._count_lost(item.id)

    def _count_lost(self, id: str) -> None:
        if not id:
            self.frames_dropped += 1
            return
        if not self.events_lost:
            log.error("events are lost from here on: NATS does not take them")
        self.events_lost += 1

    # -- out -------------------------------------------------------------------------------

    async def _run(self) -> None:
        self._subscription = await self.bus.client.subscribe(
            self._inbox + ".*",
            cb=self._acknowledged,
            pending_msgs_limit=-1,
            pending_bytes_limit=-1,
        )
        while True:
            self._inspect()
            try:
                await self._send()
            except nats.errors.Error as problem:
                self._give_up(str(problem))
            if self.is_empty:
                self._empty.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(None if self.is_empty else LOOK):
                    await self._wake.wait()
            self._wake.clear()

    def _inspect(self) -> None:
        """Begins again with the first message of which nobody knows whether it was stored."""
        now = asyncio.get_running_loop().time()
        if self._under_way and now - self._progress_at > ACK_PATIENCE:
            self._give_up("the stream does not acknowledge")
        connection = self.bus.client.stats["reconnects"]
        if connection == self._connection and not self._again:
            return
        if self._again:
            log.info("events go again: %s", self.trouble)
            self._not_before = now + LOOK
        self._connection = connection
        self._again = self._proven = False
        self._waiting.extendleft(reversed(self._under_way.values()))
        self._under_way.clear()

    def _give_up(self, trouble: str) -> None:
        self.trouble = self.trouble or trouble
        self._again = True
        self._wake.set()

    async def _send(self) -> None:
        """Everything that waits, as far as the window and this connection allow."""
        now = asyncio.get_running_loop().time()
        while self._waiting and now >= self._not_before and self._may_send():
            item = self._waiting.popleft()
            if not item.id:
                self._frames -= 1
                await self.bus.publish(item.subject, item.data)
                continue
            number = next(self._numbers)
            if not self._under_way:
                self._progress_at = now
            self._under_way[number] = item
            await self.bus.publish(
                item.subject,
                item.data,
                headers={Header.MSG_ID.value: item.id},
                reply=f"{self._inbox}.{number}",
            )

    def _may_send(self) -> bool:
        return (
            self.bus.is_connected
            and not self._again
            and self.bus.client.stats["reconnects"] == self._connection
            and len(self._under_way) < (WINDOW if self._proven else 1)
        )

    async def _acknowledged(self, msg: Msg) -> None:
        number = int(msg.subject.rpartition(".")[2])
        item = self._under_way.get(number)
        if item is None:
            return
        refused = bool(msg.headers) or b'"error":' in msg.data
        if refused and TOO_LARGE not in msg.data:
            self._give_up(msg.data.decode() or "no stream answers")
            return
        del self._under_way[number]
        self._progress_at = asyncio.get_running_loop().time()
        if refused:
            self._refuse(item)
        else:
            self._proven = True
            self.trouble = ""
            if item.stored:
                item.stored()
        if self._waiting or not self._under_way:
            self._wake.set()
