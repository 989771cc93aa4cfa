from collections.abc import AsyncIterator

import pytest

from core.recorder import recorder, writer
from rosey import streams
from tests.core.recorder.desk import Desk


@pytest.fixture
async def desk(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    """Nothing waits for long."""
    monkeypatch.setattr(writer, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(writer, "GATHERING", 0.02)
    monkeypatch.setattr(streams, "RECORDER_ACK_WAIT", 0.2)
    monkeypatch.setattr(recorder, "MARGIN", 0.1)
    desk = Desk()
    await desk.bus.declare(["core"], ["lounge"])
    yield desk
    await desk.close()
