"""A clock for tests of what ends."""

from datetime import UTC, datetime, timedelta

import pytest

from rosey import clock

START = datetime(2025, 1, 1, tzinfo=UTC)


class Watch:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.time = START

    def wait(self, **duration: float) -> None:
        self.time += timedelta(**duration)


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    watch = Watch()
    monkeypatch.setattr(clock, "now", lambda: watch.time)
    return watch
