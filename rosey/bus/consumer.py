"""A durable consumer: pulls, hands out in order, keeps work in hand alive, sets aside the bad."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import nats.errors
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js.api import Header
from nats.js.errors import Error as JetStreamError
from pydantic import ValidationError

from rosey import ids, subjects
from rosey.streams import MOST_TRIES, ConsumerSpec

if TYPE_CHECKING:
    from rosey.bus.client import Bus

log = logging.getLogger("rosey.bus")

NANO = 1_000_000_000
PULL_LIFE = 20.0
HEARTBEAT = 2.0
BATCH = 256
RETRY_AFTER = 1.0


class Poison(Exception):
    """Raised by a handler for a message that no retry can help; it is set aside."""


@dataclass
class Delivery:
    """One message of a stream. `seq` is its place in it, `tries` counts from 1."""

    consumer: Consumer
    msg: Msg
    subject: str
    data: bytes
    headers: dict[str, str] = field(default_factory=dict)
    seq: int = 0
    tries: int = 1
    settled: bool = False

    async def ack(self) -> None:
        await self._settle(b"+ACK")

    async def retry(self, delay: float) -> None:
        """Gives it back, to come again after `delay` seconds."""
        await self._settle(b"-NAK " + json.dumps({"delay": int(delay * NANO)}).encode())

    async def bury(self, reason: str) -> None:
        """Keeps it with its reason among the dead letters, never to come again."""
        stream = self.consumer.stream
        headers = {"Rosey-Reason": reason[:500], "Rosey-Subject": self.subject}
        log.warning("set aside %s %s: %s", stream, self.seq, reason)
        await self.consumer.bus.js.publish(
            subjects.dead(stream),
            self.data,
            headers=headers | {Header.MSG_ID: ids.derive("d", stream, self.seq)},
        )
        self.consumer.buried += 1
        await self._settle(b"+TERM")

    async def working(self) -> None:
        await self.consumer.bus.client.publish(self.msg.reply, b"+WPI")

    async def _settle(self, word: bytes) -> None:
        if not self.settled:
            self.settled = True
            await self.consumer.bus.client.publish(self.msg.reply, word)


Handler = Callable[[Delivery], Awaitable[None]]


class Consumer:
    """Runs `handler` for each message as a task; the tasks begin in the stream's order.

    A handler that returns has its message acknowledged; one that raises gets it again, at most
    five times; Poison and what does not parse are set aside at once, and so is a message whose
    handler never comes to an end because its process dies of it.
    """

    def __init__(self, bus: Bus, spec: ConsumerSpec, handler: Handler) -> None:
        self.bus = bus
        self.spec = spec
        self.stream = spec.stream
        self.durable = spec.durable
        self.buried = 0
        self._handler = handler
        self._keep_alive = spec.ack_wait / 3
        self._inbox = ""
        self._subscription: Subscription | None = None
        self._wanted = 0
        self._heard_at = 0.0
        self._in_hand: dict[asyncio.Task[None], Delivery] = {}
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins to pull; the durable must be there."""
        self._inbox = self.bus.client.new_inbox()
        self._subscription = await self.bus.client.subscribe(
            self._inbox, cb=self._receive, pending_msgs_limit=-1, pending_bytes_limit=-1
        )
        await self.ask()
        self._watch = asyncio.create_task(self._tend(), name=f"tend {self.durable}")

    async def stop(self) -> None:
        """Takes no more and waits up to two seconds for what is in hand; the rest comes again."""
        if self._subscription and not self.bus.client.is_closed:
            with suppress(nats.errors.Error):
                await self._subscription.unsubscribe()
        self._subscription = None
        self.bus.forget(self)
        if self._in_hand:
            await asyncio.wait(list(self._in_hand), timeout=2.0)
        if self._watch:
            self._watch.cancel()
            await asyncio.gather(self._watch, *self._cancelled(), return_exceptions=True)

    def _cancelled(self) -> list[asyncio.Task[None]]:
        for task in self._in_hand:
            task.cancel()
        return list(self._in_hand)

    async def ask(self) -> None:
        """Puts a fresh pull request on the server; an older one may still run out."""
        if self._subscription is None:
            return
        self._wanted = BATCH
        self._heard_at = asyncio.get_running_loop().time()
        request = {
            "batch": BATCH,
            "expires": int(PULL_LIFE * NANO),
            "idle_heartbeat": int(HEARTBEAT * NANO),
        }
        await self.bus.client.publish(
            f"$JS.API.CONSUMER.MSG.NEXT.{self.stream}.{self.durable}",
            json.dumps(request).encode(),
            reply=self._inbox,
        )

    async def _receive(self, msg: Msg) -> None:
        self._heard_at = asyncio.get_running_loop().time()
        status = msg.headers.get("Status") if msg.headers else None
        if status is not None and not msg.reply:
            if status not in ("100", "503"):
                await self.ask()
            return
        self._wanted -= 1
        if self._wanted <= 0:
            await self.ask()
        metadata = msg.metadata
        delivery = Delivery(
            self,
            msg,
            msg.subject,
            msg.data,
            dict(msg.headers or {}),
            metadata.sequence.stream,
            metadata.num_delivered or 1,
        )
        task = asyncio.create_task(self._handle(delivery))
        self._in_hand[task] = delivery
        task.add_done_callback(self._in_hand.pop)

    async def _handle(self, delivery: Delivery) -> None:
        try:
            try:
                if self.spec.most_tries and delivery.tries > self.spec.most_tries:
                    raise Poison(f"handed out {delivery.tries - 1} times and never finished")
                await self._handler(delivery)
                await delivery.ack()
            except (Poison, ValidationError) as problem:
                await delivery.bury(_reason(problem))
            except Exception as problem:  # a handler's bug must not stop the consumer
                await self._failed(delivery, problem)
        except (nats.errors.Error, JetStreamError, TimeoutError) as problem:
            log.warning("%s %s comes again: %s", self.stream, delivery.seq, problem)

    async def _failed(self, delivery: Delivery, problem: Exception) -> None:
        if delivery.tries >= MOST_TRIES:
            await delivery.bury(f"failed {delivery.tries} times, last: {problem!r}")
            return
        log.exception("%s %s failed, try %d", self.stream, delivery.seq, delivery.tries)
        await delivery.retry(RETRY_AFTER * delivery.tries)

    async def _tend(self) -> None:
        """Tells the server what is still worked on, and asks again when it has gone quiet."""
        while True:
            await asyncio.sleep(self._keep_alive)
            with suppress(nats.errors.Error):
                for delivery in list(self._in_hand.values()):
                    if not delivery.settled:
                        await delivery.working()
                quiet = asyncio.get_running_loop().time() - self._heard_at
                if quiet > 3 * HEARTBEAT and self.bus.client.is_connected:
                    await self.ask()


def _reason(problem: Exception) -> str:
    if isinstance(problem, ValidationError):
        first = problem.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "message"
        return f"does not parse: {where}: {first['msg']}"
    return str(problem)
