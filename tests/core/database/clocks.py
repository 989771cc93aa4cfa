"""A clock that a test sets."""

from datetime import UTC, datetime, timedelta

import pytest

from rosey import clock


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.time = datetime(2025, 1, 1, tzinfo=UTC)
        monkeypatch.setattr(clock, "now", lambda: self.time)

    def go_on(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)
