"""Limits, votes and lengths. Pure; time comes in as an argument."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import floor
from typing import Literal

from pydantic import BaseModel

from workflows.playlist.models import Settings

Limit = Literal[
    "max_items",
    "max_duration",
    "rate",
    "queue_full",
    "item_length",
    "type",
    "duplicate",
    "repeat",
    "series",
    "show",
]


class Standing(BaseModel):
    """What somebody has waiting, and when he added something of late."""

    items: int = 0
    seconds: float = 0.0
    added: Sequence[datetime] = ()


class Over(BaseModel):
    """The limit that something is over, and when it passes if time alone helps."""

    limit: Limit
    until: datetime | None = None


def length(seconds: float) -> str:
    """`4:05`, `1:02:03`; what is unknown or has no end is `??:??`."""
    whole = int(seconds)
    if whole <= 0:
        return "??:??"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def over_limit(
    standing: Standing, new_seconds: float, settings: Settings, now: datetime
) -> Over | None:
    """The first of a person's limits that one more item would break: items, duration, rate."""
    if standing.items >= settings.max_items_per_user:
        return Over(limit="max_items")
    allowed = settings.max_duration_per_user
    if allowed and standing.seconds + new_seconds > allowed:
        return Over(limit="max_duration")
    return over_rate(standing.added, settings, now)


def over_rate(added: Sequence[datetime], settings: Settings, now: datetime) -> Over | None:
    """Whether as many were added within the window as may be."""
    window = timedelta(seconds=settings.rate_limit_seconds)
    lately = sorted(at for at in added if now - at < window)
    if len(lately) < settings.rate_limit_count:
        return None
    return Over(limit="rate", until=lately[-settings.rate_limit_count] + window)


def votes_needed(watching: int, share: float = 0.5, least: int = 2) -> int:
    """More than the share of those who watch, and never fewer than `least`."""
    return max(least, floor(watching * share) + 1)
