"""A clock that stands until a test moves it."""

from __future__ import annotations

from collections.abc import Callable


class _Due:
    def __init__(self, when: float, callback: Callable[[], None]) -> None:
        self.when = when
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class HandClock:
    """What falls due on the way is done in its order, each at its own time."""

    def __init__(self) -> None:
        self._now = 0.0
        self._due: list[_Due] = []

    def time(self) -> float:
        return self._now

    def call_at(self, when: float, callback: Callable[[], None], /) -> _Due:
        due = _Due(when, callback)
        self._due.append(due)
        return due

    def waiting(self) -> int:
        """How many things are put off."""
        return sum(not due.cancelled for due in self._due)

    def advance(self, seconds: float) -> None:
        self.advance_to(self._now + seconds)

    def advance_to(self, end: float) -> None:
        while due := self._first(end):
            self._due.remove(due)
            self._now = max(self._now, due.when)
            due.callback()
        self._now = max(self._now, end)

    def _first(self, end: float) -> _Due | None:
        self._due = [due for due in self._due if not due.cancelled]
        ready = [due for due in self._due if due.when <= end + 1e-9]
        return min(ready, key=lambda due: due.when, default=None)
