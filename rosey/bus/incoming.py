"""Messages without a stream."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol


@dataclass
class Incoming:
    """One message, perhaps with somebody waiting for an answer."""

    subject: str
    data: bytes
    reply: str
    headers: dict[str, str] = field(default_factory=dict)


Hear = Callable[[Incoming], Awaitable[None]]


class Subscribed(Protocol):
    """What is listened to until `unsubscribe`."""

    async def unsubscribe(self) -> None: ...

    async def drain(self) -> None:
        """Hears nothing more and waits until what was heard is handled."""
