"""When what waits will play. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from pydantic import AwareDatetime, BaseModel

from workflows.playlist.models import Entry, Playing

# Seconds between two items: what the platform gives people to load, and waits after the end.
BETWEEN = 5.0


class Start(BaseModel):
    """When an item starts: at `at`, or later, when something before it has no known length."""

    at: AwareDatetime
    at_least: bool = False


def starts(queue: Sequence[Entry], playing: Playing | None, now: datetime) -> list[Start]:
    """One for each that waits; what waits aside is taken for not being there."""
    at, at_least = now, playing is not None and playing.seconds <= 0
    if playing is not None and not at_least:
        at = max(now, playing.started_at + timedelta(seconds=playing.seconds + BETWEEN))
    found = []
    for entry in queue:
        found.append(Start(at=at, at_least=at_least))
        if not entry.parked:
            at += timedelta(seconds=entry.seconds + BETWEEN)
            at_least = at_least or entry.seconds <= 0
    return found
