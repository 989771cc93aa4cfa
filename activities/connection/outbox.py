"""From a connection to the bus: everything in order, over outages too."""

import asyncio
import logging
from collections import deque
from dataclasses import dataclass

import nats.errors
from nats.js.api import PubAck

from rosey.bus import Bus

log = logging.getLogger("activities.connection")

MOST_WAITING = 50_000
WINDOW = 512
MOST_BYTES = 1_000_000  # the server takes 1 MiB with headers
ACK_PATIENCE = 2.0


@dataclass(slots=True)
class Item:
    """A message on its way; without an id it is a raw frame that is not kept."""

    subject: str
    data: bytes
    id: str


@dataclass(slots=True)
class Sending:
    item: Item
    stored: "asyncio.Future[PubAck]"
    since: float


class Outbox:
    """Sends without waiting for each acknowledgement; what is not acknowledged goes again.

    All stored messages go into one stream, and always from the first unacknowledged one on, so
    their order holds. When too much waits, the oldest raw frames are dropped first.
    """

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.dropped = 0
        self._waiting: deque[Item] = deque()
        self._sending: deque[Sending] = deque()
        self._wake = asyncio.Event()
        self._again = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self.bus.on_reconnect(self._reconnected)
        self._task = asyncio.create_task(self._run(), name="outbox")

    def put(self, subject: str, data: bytes, id: str = "") -> None:
        """Takes a message; it is stored when it has an `id` and only sent when it has none."""
        if len(data) > MOST_BYTES:
            log.error("%s: %d bytes are more than the bus takes", subject, len(data))
            self.dropped += 1
            return
        self._waiting.append(Item(subject, data, id))
        if len(self._waiting) > MOST_WAITING:
            self._make_room()
        self._wake.set()

    @property
    def is_empty(self) -> bool:
        return not (self._waiting or self._sending)

    async def stop(self, patience: float = 1.0) -> None:
        """Lets go out what can within `patience` seconds."""
        deadline = asyncio.get_running_loop().time() + patience
        while not self.is_empty and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.01)
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _reconnected(self) -> None:
        self._again = True
        self._wake.set()

    def _make_room(self) -> None:
        """Drops the oldest raw frame, or the oldest message when all are to be kept."""
        for index, item in enumerate(self._waiting):
            if not item.id:
                del self._waiting[index]
                break
        else:
            self._waiting.popleft()
            log.error("the bus was away for too long: a message was dropped")
        self.dropped += 1

    async def _run(self) -> None:
        while True:
            self._retire()
            if self._again:
                self._take_back()
            try:
                await self._send()
            except nats.errors.Error as problem:
                log.info("the bus takes nothing: %s", problem)
                self._again = True
            try:
                await asyncio.wait_for(self._wake.wait(), ACK_PATIENCE / 2)
            except TimeoutError:
                self._again = self._again or self._is_late()
            self._wake.clear()

    async def _send(self) -> None:
        now = asyncio.get_running_loop().time()
        while self._waiting and len(self._sending) < WINDOW and self.bus.is_connected:
            item = self._waiting.popleft()
            if not item.id:
                await self.bus.publish(item.subject, item.data)
                continue
            try:
                stored = await self.bus.store_soon(item.subject, item.data, item.id)
            except nats.errors.Error:
                self._waiting.appendleft(item)
                raise
            stored.add_done_callback(self._acknowledged)
            self._sending.append(Sending(item, stored, now))

    def _acknowledged(self, stored: "asyncio.Future[PubAck]") -> None:
        self._wake.set()

    def _retire(self) -> None:
        while self._sending and self._sending[0].stored.done():
            first = self._sending[0]
            if first.stored.cancelled() or first.stored.exception():
                self._again = True
                return
            self._sending.popleft()

    def _take_back(self) -> None:
        self._again = False
        while self._sending:
            sending = self._sending.pop()
            sending.stored.remove_done_callback(self._acknowledged)
            sending.stored.cancel()
            self._waiting.appendleft(sending.item)

    def _is_late(self) -> bool:
        if not self._sending:
            return False
        waited = asyncio.get_running_loop().time() - self._sending[0].since
        return waited > ACK_PATIENCE and self.bus.is_connected
