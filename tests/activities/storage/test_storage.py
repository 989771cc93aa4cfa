"""Results go to the log, one line each."""

import json
import logging
from pathlib import Path
from typing import Any, cast

import pytest
from temporalio.testing import ActivityEnvironment

from activities.storage import activities
from rosey.bus import Bus
from rosey.durable.surroundings import Surroundings


async def test_a_finished_game_is_one_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "activities.storage")
    (record_game,) = activities(Surroundings(cast(Bus, None), "trivia", tmp_path, tmp_path))
    result: dict[str, Any] = {"game": "g-1", "players": [{"name": "zoë\nfaked line", "score": 28}]}
    await ActivityEnvironment().run(record_game, result)
    (line,) = caplog.messages
    assert line.startswith("finished game ")
    assert "\n" not in line
    assert json.loads(line.removeprefix("finished game ")) == result
