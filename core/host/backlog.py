"""What waits on the bus: measured every few seconds, told to the operators, and warned of.

What services say is wrong with them is warned of beside it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

import nats.errors
from nats.js import JetStreamContext
from nats.js.api import ConsumerInfo
from nats.js.errors import NotFoundError
from pydantic import ValidationError

from core.authority.login import login
from core.authority.rights import HOST
from core.config import NatsConfig
from core.errors import UserError
from core.host.troubles import Troubles, Warn
from rosey import clock, ids, subjects
from rosey.bus import Bus, BusError, Incoming
from rosey.events import Backlog, Health, Measured, Metrics, Traffic
from rosey.times import duration_words

log = logging.getLogger("core.host")

LOOK_EVERY = 5.0
CONNECT_AGAIN = 1.0
# A process that has told nothing for so long is gone.
SILENT = 15.0
# JetStream lists so many at once.
PAGE = 256
AWAY = (BusError, nats.errors.Error, TimeoutError)

Info = TypeVar("Info")


async def watch(
    data: Path,
    settings: NatsConfig,
    url: str,
    warn: Callable[[str, list[str]], None],
    unsaid: list[Health],
) -> None:
    """Until cancelled; `warn` gets all that is to be said at the moment of one thing or another.

    `unsaid` is told on the bus, in its order, and taken off when that has succeeded.
    NATS may be away at first and at any time later.
    """
    try:
        us = login(data, settings, HOST)
    except UserError as problem:
        warn("backlog", [f"Nobody watches what waits on NATS. {problem}"])
        return
    while True:
        with suppress(BusError):
            bus = await Bus.connect(url, "host", us)
            troubles = Troubles(partial(warn, "services"))
            try:
                await bus.subscribe(subjects.HEALTH, troubles.hear)
                await Watch(bus, settings.backlog, partial(warn, "backlog"), unsaid).run()
            finally:
                troubles.close()
                await bus.drain()
        await asyncio.sleep(CONNECT_AGAIN)


@dataclass(frozen=True)
class Heard:
    """What a process told last."""

    at: datetime
    traffic: list[Traffic]


class Watch:
    """`limit`: more messages than this waiting for one consumer are too many."""

    def __init__(self, bus: Bus, limit: int, warn: Warn, unsaid: list[Health]) -> None:
        self._bus = bus
        self._limit = limit
        self._warn = warn
        self._behind: set[tuple[str, str]] = set()
        self._unsaid = unsaid
        self._traffic: dict[str, Heard] = {}

    async def run(self) -> None:
        """Until the server has thrown us out. A NATS that is away is looked at again."""
        await self._bus.subscribe(subjects.MEASURED, self._hear)
        while not self._bus.client.is_closed:
            try:
                await self.look()
            except AWAY as problem:
                log.debug("what waits on NATS is not known: %s", problem)
                if self._bus.refusals:
                    self._warn(["NATS does not let the host see how much waits there."])
                    await self._bus.ended()
            await asyncio.sleep(LOOK_EVERY)

    async def look(self) -> None:
        """Measures once and tells of it. Raises one of AWAY when NATS does not take part."""
        now = clock.now()
        backlogs = await measure(self._bus.js, now)
        behind = [each for each in backlogs if each.depth > self._limit]
        self._warn([self._too_many(each) for each in behind])
        self._compare(backlogs, behind, now)
        while self._unsaid:
            await self._store(subjects.HEALTH, self._unsaid[0])
            del self._unsaid[0]
        metrics = Metrics(
            id=ids.derive("h", subjects.METRICS, now.timestamp()),
            at=now,
            backlogs=backlogs,
            traffic=self._lately(now),
        )
        await self._store(subjects.METRICS, metrics)

    async def _hear(self, incoming: Incoming) -> None:
        """A process tells of its traffic; its name stands in the subject, which NATS checks."""
        name = incoming.subject.rpartition(".")[2]
        with suppress(ValidationError):
            told = Measured.read(incoming.data).traffic
            named = [one.model_copy(update={"process": name}) for one in told]
            self._traffic[name] = Heard(clock.now(), named)

    def _lately(self, now: datetime) -> list[Traffic]:
        """What those tell that are still there."""
        self._traffic = {
            name: each
            for name, each in self._traffic.items()
            if (now - each.at).total_seconds() < SILENT
        }
        return [one for name in sorted(self._traffic) for one in self._traffic[name].traffic]

    def _compare(self, backlogs: list[Backlog], behind: list[Backlog], now: datetime) -> None:
        """What has crossed the limit since the last look is to be told, even if that fails once."""
        before, self._behind = self._behind, {_key(each) for each in behind}
        fallen = [each for each in behind if _key(each) not in before]
        for each in fallen:
            self._unsaid.append(_health(each, False, self._too_many(each), now))
        known = {_key(each): each for each in backlogs}
        for stream, consumer in sorted(before - self._behind):
            now_it_is = known.get((stream, consumer), Backlog(stream=stream, consumer=consumer))
            what = f"{consumer} has caught up with {stream}: {now_it_is.depth} messages wait."
            self._unsaid.append(_health(now_it_is, True, what, now))

    def _too_many(self, backlog: Backlog) -> str:
        return (
            f"{backlog.depth} messages of {backlog.stream} wait for {backlog.consumer}, the oldest "
            f"for {duration_words(backlog.age)}; more than {self._limit} are too many. It is away "
            "or too slow: bin/rosey logs tells why."
        )

    async def _store(self, subject: str, event: Health | Metrics) -> None:
        await self._bus.store(subject, event.wire(), event.id, patience=0.0)


async def measure(js: JetStreamContext, now: datetime) -> list[Backlog]:
    """The backlog of every durable consumer, by stream and name."""
    names = [
        stream.config.name or ""
        for stream in await _pages(js.streams_info)
        if stream.state.consumer_count
    ]
    found: list[Backlog] = []
    for name in sorted(names):
        consumers = await _pages(partial(js.consumers_info, name))
        durables = [each for each in consumers if each.config.durable_name]
        found += [await _backlog(js, each, now) for each in durables]
    return sorted(found, key=_key)


async def _pages(page: Callable[[int], Awaitable[list[Info]]]) -> list[Info]:
    """All of a list that comes in parts; `page` gets the part after so many."""
    found: list[Info] = []
    while True:
        some = await page(len(found))
        found += some
        if len(some) < PAGE:
            return found


async def _backlog(js: JetStreamContext, consumer: ConsumerInfo, now: datetime) -> Backlog:
    depth = (consumer.num_pending or 0) + (consumer.num_ack_pending or 0)
    oldest = await _oldest(js, consumer) if depth else None
    return Backlog(
        stream=consumer.stream_name,
        consumer=consumer.name,
        depth=depth,
        age=max(0.0, (now - oldest).total_seconds()) if oldest else 0.0,
        redelivered=consumer.num_redelivered or 0,
    )


async def _oldest(js: JetStreamContext, consumer: ConsumerInfo) -> datetime | None:
    """When the first message was stored that the consumer has not acknowledged."""
    first = consumer.ack_floor.stream_seq + 1 if consumer.ack_floor else 1
    config = consumer.config
    times = []
    for subject in config.filter_subjects or [config.filter_subject or ">"]:
        with suppress(NotFoundError):
            message = await js.get_msg(consumer.stream_name, first, subject, next=True)
            times.append(message.time)
    return min((time for time in times if time), default=None)


def _health(backlog: Backlog, ok: bool, what: str, now: datetime) -> Health:
    about = f"{backlog.stream}/{backlog.consumer}"
    id = ids.derive("h", subjects.HEALTH, about, now.timestamp())
    return Health(id=id, at=now, ok=ok, about=about, what=what)


def _key(backlog: Backlog) -> tuple[str, str]:
    return backlog.stream, backlog.consumer
