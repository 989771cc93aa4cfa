"""Numbered events for an outbox, what became of them, and a disk that is full."""

import asyncio
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from nats.js.api import Header

from activities.connection.outbox import Outbox
from rosey import streams, subjects
from rosey.bus import Bus
from rosey.events import Wire

FRAMES = subjects.raw("lounge", "chat")


class Number(Wire):
    """Stands for a line of chat."""

    n: int


class Text(Wire):
    """A line of any length."""

    text: str


def event(outbox: Outbox, number: int, stored: Callable[[], None] | None = None) -> None:
    outbox.event(subjects.MESSAGE, Number(n=number), f"m-{number}", stored)


async def empty(outbox: Outbox, patience: float = 15.0) -> None:
    await asyncio.wait_for(outbox.flushed(patience), patience)


async def kept(bus: Bus, count: int) -> tuple[list[int], list[str]]:
    """The numbers and ids of the stream, read in its order as any consumer would."""
    numbers: list[int] = []
    ids: list[str] = []
    reader = await bus.js.subscribe(subjects.MESSAGE, ordered_consumer=True)
    while len(numbers) < count:
        message = await reader.next_msg(timeout=10)
        numbers.append(Number.read(message.data).n)
        ids.append((message.headers or {})[Header.MSG_ID.value])
    info = await bus.js.stream_info(streams.EVENTS)
    assert info.state.messages == count
    await reader.unsubscribe()
    return numbers, ids


@contextmanager
def room_in_a_file(size: int) -> Iterator[None]:
    """As a full disk: what goes beyond `size` bytes is written in part, then not at all."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
