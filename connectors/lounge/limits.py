"""Two small limits, both told the time (seconds) by who asks (PROTOCOL section 17)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` at once, then `per_second`; the burst starts afresh after `cooldown` seconds."""

    burst: int
    per_second: float
    cooldown: float

    @property
    def wait_ms(self) -> float:
        """What a `cooldown` frame says."""
        return 1000 / self.per_second


class ChatLimit:
    """One person's chat lines and PMs.

    The burst is counted afresh only after a full cooldown in which nothing was accepted;
    until then each accepted line must be 1/rate after the accepted one before.
    """

    __slots__ = ("_count", "_last")

    def __init__(self) -> None:
        self._count = 0
        self._last = float("-inf")

    def refuses(self, rate: Rate, now: float) -> bool:
        if now - self._last > rate.cooldown:
            self._count = 1
        elif self._count < rate.burst:
            self._count += 1
        elif now - self._last < 1 / rate.per_second:
            return True
        self._last = now
        return False
