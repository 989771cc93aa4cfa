"""What goes from a platform to the bus: strictly in order, many at a time, kept while NATS is away.

Raw frames wait in memory. Events do too, and as soon as a line fails they are also on disk, until
all that waited has been stored: should this process end meanwhile, the next one sends them first.

It has a line to NATS of its own. A client that reconnects by itself sends what it had buffered
before anybody can say what was lost ahead of that, so here a line that has any trouble is closed
and the next one begins with the first event that no stream has acknowledged. What had been stored
is recognised by its id and dropped.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import count

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import Header

from activities.connection.spool import Spool, Spooled
from rosey import tasks
from rosey.bus import Bus, BusError
from rosey.bus.middleware import headers_for
from rosey.events import Wire

log = logging.getLogger("activities.connection")

BOUND = 50_000
WINDOW = 1_024
PATIENCE = 3.0  # for an acknowledgement while others wait behind it
PAUSE = 0.2  # before the next try to reach NATS
BURST = 0.0005  # events that follow each other more closely leave together
TURNS = 8  # of the event loop in which the next one, if it is there, arrives
MOST_AT_ONCE = 256  # gathered into one write
LOOK = 0.1  # how often a line with something under way is checked
HEADERS = 512  # bytes that the server counts with the data; it hangs up on what is too large
TOO_LARGE = b'"err_code":10054'


class Trouble(Exception):
    """A line to NATS that must not be used any more."""


@dataclass(slots=True, eq=False)
class Item:
    """A frame without an id is published only; an event is stored once under its id."""

    subject: str
    data: bytes
    id: str = ""
    stored: Callable[[], None] | None = None
    headers: dict[str, str] | None = None


def _left(event: Spooled) -> Item:
    """What an earlier process did not get rid of."""
    return Item(event.subject, event.data, event.id, headers={Header.MSG_ID.value: event.id})


class Outbox:
    """Takes at once and never waits.

    Beyond `bound` frames and events, or when the spool is full, the oldest are dropped: frames
    first, then events.
    """

    def __init__(self, bus: Bus, spool: Spool, bound: int = BOUND) -> None:
        self.frames_dropped = 0
        self.events_lost = 0
        self._bus = bus
        self._name = f"{bus.client.options['name']} outbox"
        self._bound = bound
        self._spool = spool
        self._spooling = False  # every event that has not been stored is on disk
        self._away = False  # the last line failed, and none has worked since
        self._waiting: deque[Item] = deque()
        self._under_way: dict[int, Item] = {}
        self._frames = 0
        self._numbers = count()
        self._wake = asyncio.Event()
        self._empty = asyncio.Event()
        self._progress_at = 0.0
        self._written_at = 0.0
        self._proven = False
        self._trouble = ""
        self._work: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to send; what an earlier process left on disk goes first."""
        left = [_left(event) for event in self._spool.load()]
        if left:
            log.warning("%d events kept from an earlier outage of NATS go out first", len(left))
            self._waiting.extendleft(reversed(left))
            self._keep()
        self._work = asyncio.create_task(self._run(), name="outbox")

    async def close(self, patience: float = 1.0) -> None:
        """Waits up to `patience` seconds for what is left to be stored."""
        with suppress(TimeoutError):
            await self.flushed(patience)
        if self._work:
            await tasks.end(self._work)
        self._spool.close()
        if self.unstored:
            log.warning(
                "%d events were not stored: NATS is away. %d are kept in %s for the next start",
                *(self.unstored, len(self._spool), self._spool.folder),
            )

    @property
    def unstored(self) -> int:
        """How many frames and events have not gone out for good."""
        return len(self._waiting) + len(self._under_way)

    async def flushed(self, patience: float) -> None:
        """Waits until all is stored. Raises TimeoutError."""
        while self.unstored:
            self._empty.clear()
            async with asyncio.timeout(patience):
                await self._empty.wait()

    def frame(self, subject: str, data: bytes) -> None:
        """Publishes without keeping."""
        self._frames += 1
        self._put(Item(subject, data))

    def event(
        self, subject: str, event: Wire, id: str, stored: Callable[[], None] | None = None
    ) -> None:
        """Stores `event` under `id`; calls `stored` when a stream has it."""
        headers = headers_for(self._bus.middlewares, subject, {Header.MSG_ID.value: id})
        self._put(Item(subject, event.wire(), id, stored, headers))

    # -- room for more ---------------------------------------------------------------------

    def _put(self, item: Item) -> None:
        self._waiting.append(item)
        if len(self._waiting) > self._bound:
            self._make_room()
        if self._spooling and item.id:
            self._to_disk(item)
        self._wake.set()

    def _make_room(self) -> None:
        """Drops the oldest frames, a tenth of the bound at a time; without any, an event."""
        if not self._frames:
            self._spool.gone(self._waiting.popleft().id)
            self.events_lost += 1
            if self.events_lost == 1:
                log.error("NATS has been away for too long: the oldest events are lost from here")
            return
        if not self.frames_dropped:
            log.warning("NATS is away: the oldest raw frames are dropped from here")
        drop = min(self._frames, max(1, self._bound // 10))
        kept: deque[Item] = deque()
        left = drop
        for item in self._waiting:
            if left and not item.id:
                left -= 1
            else:
                kept.append(item)
        self._waiting = kept
        self._frames -= drop
        self.frames_dropped += drop

    # -- on disk ---------------------------------------------------------------------------

    def _keep(self) -> None:
        """Has every event that waits on disk, in order; tried again while the disk fails."""
        if self._spooling:
            return
        self._spooling = True
        for item in tuple(self._waiting):
            if item.id and self._spooling:
                self._to_disk(item)

    def _to_disk(self, item: Item) -> None:
        """After one that the disk did not take there is none, so that no order is lost."""
        while self._away and self._spool.is_full and self._waiting:
            self._make_room()
        self._spooling = self._spool.add(Spooled(item.subject, item.id, item.data))

    # -- the line --------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            try:
                await self._use_a_line()
            except (BusError, Trouble, nats.errors.Error, OSError) as problem:
                log.info("events wait for NATS: %s", problem)
            await asyncio.sleep(PAUSE)

    async def _use_a_line(self) -> None:
        """Sends on one connection until there is trouble with it."""
        line: Bus | None = None
        self._trouble = ""
        self._proven = False
        try:
            line = await self._bus.another(self._name)
            line.client.options["allow_reconnect"] = False
            inbox = line.client.new_inbox()
            await line.client.subscribe(
                f"{inbox}.*", cb=self._acknowledged, pending_msgs_limit=-1, pending_bytes_limit=-1
            )
            while True:
                await self._gather()
                await self._send(line.client, inbox)
                await self._look(line.client)
        finally:
            self._away = True
            self._waiting.extendleft(reversed(self._under_way.values()))
            self._under_way.clear()
            self._keep()
            if line:
                await line.client.close()

    async def _gather(self) -> None:
        """In a burst the next events are moments away, and many in one write cost far less."""
        if time.monotonic() - self._written_at > BURST:
            return
        before = 0
        while before < len(self._waiting) < MOST_AT_ONCE:
            before = len(self._waiting)
            for _ in range(TURNS):
                await asyncio.sleep(0)

    async def _send(self, client: Client, inbox: str) -> None:
        """Everything that waits, as far as the window allows: one event on a line not proven."""
        self._written_at = time.monotonic()
        while self._waiting and not self._trouble:
            if len(self._under_way) >= (WINDOW if self._proven else 1):
                return
            item = self._waiting.popleft()
            self._frames -= not item.id
            if len(item.data) + HEADERS > client.max_payload:
                self._refuse(item)
                continue
            reply, headers = "", None
            if item.id:
                number = next(self._numbers)
                if not self._under_way:
                    self._progress_at = time.monotonic()
                self._under_way[number] = item
                reply, headers = f"{inbox}.{number}", item.headers
            await client.publish(item.subject, item.data, reply=reply, headers=headers)
        if self._proven and not self._trouble:
            self._spooling = False  # nothing waits any more

    async def _look(self, client: Client) -> None:
        """Waits for something to do. Raises Trouble."""
        if not self.unstored:
            self._empty.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK if self._under_way else None):
                await self._wake.wait()
        self._wake.clear()
        if self._trouble:
            raise Trouble(self._trouble)
        if client.is_closed:
            raise Trouble("the connection was lost")
        if self._under_way and time.monotonic() - self._progress_at > PATIENCE:
            raise Trouble("the stream does not acknowledge")

    async def _acknowledged(self, msg: Msg) -> None:
        item = self._under_way.get(int(msg.subject.rpartition(".")[2]))
        if item is None:
            return
        no_stream = bool(msg.headers and msg.headers.get("Status"))
        if no_stream or b'"error":' in msg.data:
            if TOO_LARGE not in msg.data:
                self._trouble = "no stream answers" if no_stream else msg.data.decode()
                self._wake.set()
                return
            self._refuse(item)
        elif item.stored:
            item.stored()
        del self._under_way[int(msg.subject.rpartition(".")[2])]
        self._spool.gone(item.id)
        self._proven = True
        self._away = False
        self._progress_at = time.monotonic()
        if self._waiting or not self._under_way:
            self._wake.set()

    def _refuse(self, item: Item) -> None:
        """What NATS will never take must not stop the rest."""
        if item.id:
            self._spool.gone(item.id)
            self.events_lost += 1
        else:
            self.frames_dropped += 1
        log.error("%s %s is too large for NATS (%d bytes)", item.subject, item.id, len(item.data))
