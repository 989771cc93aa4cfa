"""A durable consumer: hands out in order, keeps work in hand alive, sets aside the bad."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

import nats.errors
from nats.js.api import Header
from nats.js.errors import Error as JetStreamError
from pydantic import ValidationError

from rosey import ids, subjects, tasks
from rosey.bus.errors import BusError
from rosey.bus.middleware import around_handling
from rosey.streams import MOST_TRIES, ConsumerSpec

if TYPE_CHECKING:
    from rosey.bus.client import Bus

log = logging.getLogger("rosey.bus")

RETRY_AFTER = 1.0
# Messages of late that this process has begun to work on.
REMEMBERED = 1_000

# What the server is told of a message: done, to come again, never to come again, worked on.
Word = Literal["+ACK", "-NAK", "+TERM", "+WPI"]


class Poison(Exception):
    """Raised by a handler for a message that no retry can help; it is set aside."""


class Feed(Protocol):
    """Where a consumer's messages come from; it calls `Consumer.take` for each."""

    async def start(self, consumer: Consumer) -> None:
        """Begins; the durable must be there."""

    async def stop(self) -> None:
        """Takes no more; what is in hand can still be answered."""

    async def ask(self) -> None:
        """After a reconnect."""

    async def tend(self) -> None:
        """Called a few times within each `ack_wait`."""

    async def answer(self, reply: str, word: Word, delay: float = 0.0) -> None:
        """Says what became of a message; with -NAK it comes again after `delay` seconds."""


@dataclass
class Delivery:
    """One message of a stream. `seq` is its place in it, `tries` counts from 1."""

    consumer: Consumer
    reply: str
    subject: str
    data: bytes
    headers: dict[str, str] = field(default_factory=dict)
    seq: int = 0
    tries: int = 1
    settled: bool = False

    async def ack(self) -> None:
        await self._settle("+ACK")

    async def retry(self, delay: float) -> None:
        """Gives it back, to come again after `delay` seconds."""
        await self._settle("-NAK", delay)

    async def bury(self, reason: str) -> None:
        """Keeps it with its reason among the dead letters, never to come again."""
        stream, bus = self.consumer.stream, self.consumer.bus
        log.warning("set aside %s %s: %s", stream, self.seq, reason)
        headers = {
            **{name: value for name, value in self.headers.items() if not _is_of_server(name)},
            "Rosey-Reason": _in_a_header(reason),
            "Rosey-Subject": self.subject,
            Header.MSG_ID: ids.derive("d", stream, self.seq),
        }
        await bus.keep(subjects.dead(stream), self.data, headers, patience=0.0)
        self.consumer.buried += 1
        await self._settle("+TERM")

    async def working(self) -> None:
        await self.consumer.feed.answer(self.reply, "+WPI")

    async def _settle(self, word: Word, delay: float = 0.0) -> None:
        if not self.settled:
            self.settled = True
            await self.consumer.feed.answer(self.reply, word, delay)


Handler = Callable[[Delivery], Awaitable[None]]


class Consumer:
    """Runs `handler` for each message as a task; the tasks begin in the stream's order.

    A handler that returns has its message acknowledged; one that raises gets it again, at most
    five times; Poison and what does not parse are set aside at once, and so is a message whose
    handler never comes to an end because its process dies of it.
    """

    def __init__(self, bus: Bus, spec: ConsumerSpec, handler: Handler, feed: Feed) -> None:
        self.bus = bus
        self.spec = spec
        self.feed = feed
        self.stream = spec.stream
        self.durable = spec.durable
        self.buried = 0
        self._handler = handler
        self._in_hand: dict[asyncio.Task[None], Delivery] = {}
        self._begun: dict[int, None] = {}
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins to take; the durable must be there."""
        await self.feed.start(self)
        self._watch = asyncio.create_task(self._tend(), name=f"tend {self.durable}")

    async def stop(self) -> None:
        """Takes no more and waits up to two seconds for what is in hand; the rest comes again."""
        await self.feed.stop()
        self.bus.forget(self)
        if self._in_hand:
            await asyncio.wait(list(self._in_hand), timeout=2.0)
        if self._watch:
            await tasks.end(self._watch, *self._in_hand)

    def take(
        self, reply: str, subject: str, data: bytes, headers: dict[str, str], seq: int, tries: int
    ) -> None:
        """Begins the work on a message; `reply` is what the feed knows it by.

        A message that comes again while it is worked on (the process was held up for longer than
        its time) is not begun twice: its end is said of the newer one.
        """
        if tries > 1 and (known := self._worked_on(seq)):
            known.reply = reply
            return
        delivery = Delivery(self, reply, subject, data, headers, seq, tries)
        task = asyncio.create_task(self._handle(delivery))
        self._in_hand[task] = delivery
        task.add_done_callback(self._in_hand.pop)

    def _worked_on(self, seq: int) -> Delivery | None:
        in_hand = self._in_hand.values()
        return next((each for each in in_hand if each.seq == seq and not each.settled), None)

    async def _handle(self, delivery: Delivery) -> None:
        try:
            try:
                if self._nobody_survives(delivery):
                    raise Poison(f"handed out {delivery.tries - 1} times and never finished")
                await self._work(delivery)
                await delivery.ack()
            except (Poison, ValidationError) as problem:
                await delivery.bury(_reason(problem))
            except Exception as problem:  # a handler's bug must not stop the consumer
                await self._failed(delivery, problem)
        except (BusError, nats.errors.Error, JetStreamError, TimeoutError) as problem:
            log.warning("%s %s comes again: %s", self.stream, delivery.seq, problem)

    def _nobody_survives(self, delivery: Delivery) -> bool:
        """Whether it comes too often, and not because the bus lost what we said of it."""
        most = self.spec.most_tries
        known = delivery.seq in self._begun
        self._begun[delivery.seq] = None
        if len(self._begun) > REMEMBERED:
            del self._begun[next(iter(self._begun))]
        return 0 < most < delivery.tries and not known

    async def _work(self, delivery: Delivery) -> None:
        if not self.bus.middlewares:
            await self._handler(delivery)
            return
        with around_handling(self.bus.middlewares, delivery.subject, delivery.headers):
            await self._handler(delivery)

    async def _failed(self, delivery: Delivery, problem: Exception) -> None:
        if delivery.tries >= MOST_TRIES:
            await delivery.bury(f"failed {delivery.tries} times, last: {problem!r}")
            return
        log.exception("%s %s failed, try %d", self.stream, delivery.seq, delivery.tries)
        await delivery.retry(RETRY_AFTER * delivery.tries)

    async def _tend(self) -> None:
        """Tells the server what is still worked on."""
        while True:
            await asyncio.sleep(self.spec.ack_wait / 3)
            with suppress(nats.errors.Error):
                for delivery in list(self._in_hand.values()):
                    if not delivery.settled:
                        await delivery.working()
                await self.feed.tend()


def _is_of_server(name: str) -> bool:
    return name.lower().startswith("nats-")


def _in_a_header(reason: str) -> str:
    """One line without control characters or halves of characters."""
    return "".join(sign if sign.isprintable() else " " for sign in reason)[:500]


def _reason(problem: Exception) -> str:
    if isinstance(problem, ValidationError):
        first = problem.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "message"
        return f"does not parse: {where}: {first['msg']}"
    return str(problem)
