"""The clock of what plays: told the time (seconds) by who asks, it does nothing by itself."""

from __future__ import annotations

from enum import Enum

LEAD_IN = 3.0
TAIL = 2.0
"""An item ends so long after its length, for clients that are a little late."""
UPDATE_SECONDS = 5.0
_EARLY = 0.01  # a timer may fire this much before its time


class Tick(Enum):
    """What a moment brings."""

    NOTHING = "nothing"
    UPDATE = "update"
    END = "end"


class Player:
    """The position in one item. It stands while a leader holds it or nobody is there."""

    def __init__(self) -> None:
        self.paused = False
        self._seconds = 0
        self._position = 0.0
        self._as_of = 0.0
        self._update_at = 0.0
        self._running = False

    def start(self, seconds: int, now: float, *, position: float = 0.0, led: bool = False) -> None:
        """An item from its beginning, with a lead-in, or from a position, without one.

        `led` is for a room with a leader: no lead-in, and the clock stands.
        """
        self._seconds = seconds
        lead_in = bool(seconds) and not led and position == 0
        self.paused = lead_in
        self._position = -LEAD_IN if lead_in else position
        self._as_of = now
        self._update_at = now + UPDATE_SECONDS
        self._running = bool(seconds) and not led

    def stop(self) -> None:
        self.start(0, 0.0)

    def at(self, now: float) -> float:
        """The position in seconds, negative in the lead-in."""
        if not self._running:
            return self._position
        position = self._position + now - self._as_of
        return min(position, 0.0) if self.paused else position

    def hold(self, now: float) -> None:
        """The position stands until `go_on`."""
        self._position = self.at(now)
        self._running = False

    def go_on(self, now: float) -> None:
        """From where it stood; without effect on a clock that runs."""
        if self._running:
            return
        self.paused = self._position < 0
        self._as_of = now
        self._update_at = now + UPDATE_SECONDS
        self._running = bool(self._seconds)

    def report(self, position: float, paused: bool) -> None:
        """Where a leader says that it is."""
        self._position, self.paused = position, paused

    def due(self) -> float | None:
        """When the next tick is wanted, or None while the clock stands."""
        if not self._running:
            return None
        if self.paused:
            return self._as_of - self._position
        return min(self._update_at, self._end())

    def tick(self, now: float) -> Tick:
        due = self.due()
        if due is None or now < due - _EARLY:
            return Tick.NOTHING
        if self.paused:
            self.paused = False
            self._position, self._as_of = 0.0, now
            self._update_at = now + UPDATE_SECONDS
            return Tick.UPDATE
        if now >= self._end() - _EARLY:
            return Tick.END
        self._update_at = max(self._update_at + UPDATE_SECONDS, now)
        return Tick.UPDATE

    def _end(self) -> float:
        return self._as_of + self._seconds + TAIL - self._position
