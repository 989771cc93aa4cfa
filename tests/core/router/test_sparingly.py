"""What is told once in a burst."""

import pytest

from core.router.sparingly import Sparingly

ROOM = "lounge/lobby"


def test_what_is_told_sparingly(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    sparingly = Sparingly()
    assert sparingly.due(ROOM, "dice")
    assert not sparingly.due(ROOM, "dice")
    assert sparingly.due(ROOM, "trivia")
    clock[0] += 4.9
    assert not sparingly.due(ROOM, "dice")
    clock[0] += 0.2
    assert sparingly.due(ROOM, "dice")
    assert len(sparingly._told) == 1
