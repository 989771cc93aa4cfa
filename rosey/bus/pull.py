"""What a consumer is fed by JetStream: pull requests, asked again before they run out."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import TYPE_CHECKING

import nats.errors
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from rosey.bus.consumer import Consumer, Word
from rosey.streams import ConsumerSpec

if TYPE_CHECKING:
    from rosey.bus.client import Bus

NANO = 1_000_000_000
# A process that died leaves its request behind, and somebody who hears everything keeps it alive.
PULL_LIFE = 5.0
HEARTBEAT = 2.0
BATCH = 256


class Pull:
    """Keeps a request for messages on the server."""

    def __init__(self, bus: Bus, spec: ConsumerSpec) -> None:
        self.bus = bus
        self._next = f"$JS.API.CONSUMER.MSG.NEXT.{spec.stream}.{spec.durable}"
        self._consumer: Consumer | None = None
        self._inbox = ""
        self._subscription: Subscription | None = None
        self._wanted = 0
        self._heard_at = 0.0

    async def start(self, consumer: Consumer) -> None:
        self._consumer = consumer
        self._inbox = self.bus.client.new_inbox()
        self._subscription = await self.bus.client.subscribe(
            self._inbox, cb=self._receive, pending_msgs_limit=-1, pending_bytes_limit=-1
        )
        await self.ask()

    async def stop(self) -> None:
        if self._subscription and not self.bus.client.is_closed:
            with suppress(nats.errors.Error):
                await self._subscription.unsubscribe()
        self._subscription = None

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
        await self.bus.client.publish(self._next, json.dumps(request).encode(), reply=self._inbox)

    async def tend(self) -> None:
        """Asks again when the server has gone quiet."""
        quiet = asyncio.get_running_loop().time() - self._heard_at
        if quiet > 3 * HEARTBEAT and self.bus.client.is_connected:
            await self.ask()

    async def answer(self, reply: str, word: Word, delay: float = 0.0) -> None:
        said = word.encode()
        if word == "-NAK":
            said += b" " + json.dumps({"delay": int(delay * NANO)}).encode()
        await self.bus.client.publish(reply, said)

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
        assert self._consumer
        about = msg.metadata
        seq, tries = about.sequence.stream, about.num_delivered or 1
        headers = dict(msg.headers or {})
        self._consumer.take(msg.reply, msg.subject, msg.data, headers, seq, tries)
