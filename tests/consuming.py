"""Consumers that only a test has."""

from typing import Any

from rosey.bus import Bus, Consumer
from rosey.bus.consumer import Handler
from rosey.streams import ConsumerSpec


async def consume(
    bus: Bus, stream: str, durable: str, subjects: list[str], handler: Handler, **options: Any
) -> Consumer:
    """Makes the consumer and begins to take from it."""
    spec = ConsumerSpec(stream, durable, tuple(subjects), **options)
    await bus.make(spec)
    return await bus.consume(spec, handler)
