"""Staying under a server's flood limits."""

import time
from collections.abc import Callable

_MARGIN = 1.05  # lines leave evenly but may arrive a little closer together


class Pace:
    """Turns for lines: `burst` at once, then `rate` a second.

    The server allows its own burst again only after `quiet` seconds without a line, so the
    count here starts afresh no earlier; a bucket that refills would be refused.
    """

    def __init__(
        self,
        rate: float,
        burst: int,
        quiet: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._gap = _MARGIN / rate
        self._burst = burst
        self._quiet = quiet * _MARGIN
        self._clock = clock
        self._sent = 0
        self._last = float("-inf")

    def reserve(self) -> float:
        """Takes the next turn and returns the seconds to wait for it."""
        now = self._clock()
        if now - self._last >= self._quiet:
            self._sent = 0
        if self._sent < self._burst:
            turn = max(now, self._last)
        else:
            turn = max(now, self._last + self._gap)
        self._sent += 1
        self._last = turn
        return turn - now
