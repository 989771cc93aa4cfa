"""Runs the rows one after the other and says how they stand."""

import asyncio
import json
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from rich.console import Console

from core.bench import compare, show
from core.bench.compare import Verdict
from core.bench.figures import Figure
from core.bench.processes import BenchError
from core.bench.rows import answers, bus, chat, crashes, frames, games
from core.bench.rows import playlist as queue
from core.bench.rows import storage as stored
from core.bench.rows.up import up
from core.bench.sizes import Sizes
from core.bench.stand import Say, Stand, open_stand
from core.errors import UnknownName

ROW_SECONDS = 150.0

# In this order: what shakes the servers comes after what measures them.
ROWS: dict[str, Callable[[Stand, Sizes], Awaitable[list[Figure]]]] = {
    "burst": frames.burst,
    "frame": frames.paced,
    "bus": bus.bus,
    "stateless": chat.stateless,
    "durable": chat.durable,
    "history": chat.history,
    "answers": answers.answers,
    "storage": stored.storage,
    "playlist": queue.playlist,
    "plugin": crashes.plugin,
    "nats": crashes.nats,
    "temporal": crashes.temporal,
    "database": stored.database,
    "games": games.games,
}
UP = "up"
NAMES = (UP, *ROWS)


def run(
    as_json: bool, against: Path | None, rows: Sequence[str] = (), as_markdown: bool = False
) -> int:
    """Measures all rows, or those named. 1 when a bar is missed or a figure got much worse.

    Raises UserError for an unknown row or an earlier run that cannot be read.
    """
    for row in rows:
        if row not in NAMES:
            raise UnknownName("row", row, NAMES)
    earlier = compare.read(against) if against else {}
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    with tempfile.TemporaryDirectory(prefix="rosey-bench-") as folder:
        figures, problems = asyncio.run(
            measure(Path(folder), rows or NAMES, Sizes(), lambda text: console.print(f"· {text}"))
        )
    changes = compare.compare(figures, earlier)
    if as_json:
        json.dump(show.as_json(figures, problems, changes), sys.stdout, indent=2)
        sys.stdout.write("\n")
    elif as_markdown:
        sys.stdout.write(show.markdown(figures, problems) + "\n")
    else:
        show.print_table(figures, problems, changes, Console())
    for change in changes.values():
        if change.verdict is not Verdict.SAME:
            console.print(f"{change.row}, {change.name}: {change.worse:.0%} worse than {against}")
    return exit_code(figures, problems, changes)


def exit_code(figures: Sequence[Figure], problems: dict[str, str], changes: show.Changes) -> int:
    missed = any(not figure.ok for figure in figures)
    worse = any(change.verdict is Verdict.MUCH_WORSE for change in changes.values())
    return 1 if missed or problems or worse else 0


async def measure(
    folder: Path, rows: Sequence[str], sizes: Sizes, say: Say
) -> tuple[list[Figure], dict[str, str]]:
    """The figures in the order of the rows, and why what is missing is missing."""
    figures: list[Figure] = []
    problems: dict[str, str] = {}

    async def take(row: str, measuring: Awaitable[list[Figure]]) -> None:
        try:
            async with asyncio.timeout(ROW_SECONDS):
                figures.extend(await measuring)
        except TimeoutError:
            problems[row] = f"was not done in {ROW_SECONDS:g} s"
        except Exception as problem:  # the other rows are worth measuring all the same
            problems[row] = str(problem) or repr(problem)

    async with AsyncExitStack() as stack:
        if UP in rows:
            await take(UP, up(folder, sizes, say))
        wanted = [row for row in ROWS if row in rows]
        if wanted:
            try:
                stand = await stack.enter_async_context(open_stand(folder, say))
            except BenchError as problem:
                return figures, problems | dict.fromkeys(wanted, str(problem))
        for row in wanted:
            await take(row, ROWS[row](stand, sizes))
    return figures, problems
