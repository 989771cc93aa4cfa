"""Starting all of Rosey on a data folder that is not new."""

from pathlib import Path

from core.bench.figures import Bar, Figure, median
from core.bench.processes import Rosey, bare_temporal, pss_mb
from core.bench.sizes import Sizes
from core.bench.stand import Say


async def up(folder: Path, sizes: Sizes, say: Say) -> list[Figure]:
    """Beside the start of the slowest server alone."""
    seconds, floors, memory = [], [], []
    rosey = Rosey(folder / "up")
    for turn in range(sizes.times + 1):
        say(f"up: {turn} of {sizes.times}" if turn else "up: a first time")
        floors.append(await bare_temporal(folder / "bare"))
        try:
            seconds.append(await rosey.start())
            memory.append(pss_mb(rosey.everything()))
        finally:
            await rosey.stop()
    return [
        Figure(
            *("up", "second time, until ready", median(seconds[1:]), "s"),
            floor=median(floors[1:]),
            floor_name="a Temporal server alone",
            bar=Bar(5),
        ),
        Figure("up", "memory of everything (PSS)", median(memory[1:]), "MB", bar=Bar(900)),
        Figure("up", "first time, until ready", seconds[0], "s"),
    ]
