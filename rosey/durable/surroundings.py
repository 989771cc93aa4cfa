"""What a process gives to the activities it runs."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from rosey.bus import Bus
from rosey.platform import Connector

Activities = list[Callable[..., Any]]


@dataclass(frozen=True)
class Surroundings:
    """`plugin` is whose rights the activities use, `folder` where it is installed.

    `data` is a folder of its own for what the owner of the machine adds; it may be missing.
    A manifest's `activities` name functions `(Surroundings) -> list of activities`.
    """

    bus: Bus
    plugin: str
    folder: Path
    data: Path


@dataclass(frozen=True)
class ConnectionSurroundings:
    """What a connector's process gives to its activities.

    `queue` is the task queue of this process alone: the same after a restart. `connector` makes
    a connector, not yet connected. `spool` is the connection's own folder for events that NATS
    could not take; it may be missing.
    """

    bus: Bus
    connection: str
    channel: str
    queue: str
    connector: Callable[[], Connector]
    spool: Path


class ConnectionDesk(Protocol):
    """What a connector manifest's `activities` make: `claim` is shared, the rest is our own."""

    shared: Activities
    own: Activities

    async def open(self) -> None:
        """Says that this process can hold the connection, and goes on saying it."""

    async def arrived(self) -> None:
        """Waits until the room was joined or refused us for the first time."""

    async def close(self) -> None:
        """Leaves the room in good order."""
