"""A clock that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from rosey import clock

START = datetime(2026, 1, 1, 12, tzinfo=UTC)

_in_use: list["Clock"] = []
_reading = patch.object(clock, "now", lambda: _in_use[-1].now())


class Clock:
    """While it is used, with `with`, `rosey.clock` reads it; of several, the one begun last."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start

    def now(self) -> datetime:
        """UTC."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Lets time pass at once. Raises ValueError when it would go back."""
        if seconds < 0:
            raise ValueError(f"a clock does not go back, so not by {seconds} seconds")
        self._now += timedelta(seconds=seconds)

    def __enter__(self) -> "Clock":
        if not _in_use:
            _reading.start()
        _in_use.append(self)
        return self

    def __exit__(self, *exception: object) -> None:
        _in_use.remove(self)
        if not _in_use:
            _reading.stop()
