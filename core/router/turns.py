"""How many messages a second a plugin that is not trusted may say; what is over that waits."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import nats.errors

from core.host.troubles import ABOUT_MESSAGES
from rosey import clock, ids, subjects, tasks
from rosey.bus import Bus
from rosey.events import Health
from rosey.manifest import PluginManifest
from rosey.token_bucket import TokenBucket

log = logging.getLogger("core.router")

# A limit that was changed counts after this, also for who waits already. Seconds, as all of these.
LOOK_EVERY = 1.0
# Who is over his limit for so long without a pause is told of.
LONG = 60.0
TELL_EVERY = 10.0

TOO_MUCH = (
    "{plugin} has wanted to say more than its {rate:g} messages a second for {long:g} s or longer; "
    "what is over that waits. !plugin disable {plugin} silences it in a room; its limit is in its "
    "plugin.toml."
)
OVER = "{plugin} stays within its messages a second again."

Manifests = Callable[[], Mapping[str, PluginManifest]]


@dataclass
class _Queue:
    """Those who wait for a plugin's turn; `since` when there was no pause, `told_at` if told."""

    bucket: TokenBucket
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0
    since: float | None = None
    told_at: float | None = None


class Turns:
    """By `limits.messages` of the `manifests` of the moment; a burst is what a second may hold.

    Each router counts by itself.
    """

    def __init__(self, bus: Bus, manifests: Manifests) -> None:
        self._bus = bus
        self._manifests = manifests
        self._queues: dict[str, _Queue] = {}
        self._waiting: set[asyncio.Task[Any]] = set()

    async def take(self, plugin: str, count: int) -> None:
        """Waits until the plugin may say `count` messages; who asks first is first."""
        queue = self._queues.get(plugin)
        if queue is None and (rate := self._rate(plugin)) is not None:
            bucket = TokenBucket(_burst(rate), rate, time.monotonic())
            queue = self._queues[plugin] = _Queue(bucket)
        if queue is not None and count:
            await self._queue_up(plugin, queue, count)

    async def end(self) -> None:
        """Nobody waits any more; a reply that did is not done with, and comes again."""
        await tasks.end(*self._waiting)

    def _rate(self, plugin: str) -> float | None:
        """Messages a second; None is as many as it likes."""
        manifest = self._manifests().get(plugin)
        if manifest is None or manifest.trust == "trusted":
            return None
        return manifest.limits.messages

    async def _queue_up(self, plugin: str, queue: _Queue, count: int) -> None:
        if not queue.waiting:
            queue.since = None
        queue.waiting += 1
        us = asyncio.current_task()
        assert us
        self._waiting.add(us)
        try:
            async with queue.lock:
                await self._turn(plugin, queue, count)
        finally:
            self._waiting.discard(us)
            queue.waiting -= 1
        if not queue.waiting and queue.told_at is not None:
            queue.told_at = None
            await self._tell(plugin, True, OVER.format(plugin=plugin))

    async def _turn(self, plugin: str, queue: _Queue, count: int) -> None:
        while (rate := self._rate(plugin)) is not None:
            queue.bucket.size, queue.bucket.per_second = _burst(rate), rate
            now = time.monotonic()
            wait = queue.bucket.take(now, count)
            if not wait:
                return
            await self._watch(plugin, queue, rate, now)
            await asyncio.sleep(min(wait, LOOK_EVERY))

    async def _watch(self, plugin: str, queue: _Queue, rate: float, now: float) -> None:
        """Tells of what lasts, as long as it lasts: what is not said again is over."""
        if queue.since is None:
            queue.since = now
        if now - queue.since < LONG:
            return
        what = TOO_MUCH.format(plugin=plugin, rate=rate, long=LONG)
        if queue.told_at is None:
            log.warning("%s", what)
        if queue.told_at is None or now - queue.told_at >= TELL_EVERY:
            queue.told_at = now
            await self._tell(plugin, False, what)

    async def _tell(self, plugin: str, ok: bool, what: str) -> None:
        about, now = f"{ABOUT_MESSAGES}{plugin}", clock.now()
        id = ids.derive("h", subjects.HEALTH, about, now.timestamp())
        health = Health(id=id, at=now, ok=ok, about=about, what=what)
        with suppress(nats.errors.Error):  # the bus is away, and nobody is sent anything
            await self._bus.publish(subjects.HEALTH, health.wire())


def _burst(rate: float) -> float:
    return max(1.0, rate)
