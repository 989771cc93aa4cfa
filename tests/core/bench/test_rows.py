"""Every row with small counts, on a real Rosey: that it measures, not what."""

from pathlib import Path

import pytest

from core.bench.runner import NAMES, ROWS, measure
from core.bench.sizes import Sizes

SMALL = Sizes(
    times=1,
    frames=50,
    paced_rate=100,
    paced_seconds=0.2,
    plugins=2,
    bus_seconds=0.2,
    commands=2,
    answers=5,
    storage_rate=20,
    queued=20,
    games=5,
    games_last=0.5,
    steady=0,
)


@pytest.mark.timeout(240)
async def test_every_row_measures(tmp_path: Path) -> None:
    progress: list[str] = []
    figures, problems = await measure(tmp_path, NAMES, SMALL, progress.append)
    assert problems == {}
    assert {figure.row for figure in figures} == set(NAMES)
    assert {line.partition(":")[0] for line in progress} >= {"up", "burst", "answers", "games"}
    assert list(dict.fromkeys(figure.row for figure in figures)) == ["up", *ROWS]
    for figure in figures:
        if "lost" in figure.name or "not taken" in figure.name:
            assert (figure.name, figure.value) == (figure.name, 0)
        elif figure.name not in ("memory of each (PSS)", "memory grown (PSS)"):
            assert figure.value > 0, figure.name
        if figure.floor is not None:
            assert figure.floor > 0, figure.name
        if figure.name == "events of a durable command":
            assert figure.value == 5
