"""Records histories of `Connection`: `python -m tests.workflows.connection.record` in the checkout.

To be run once for each released shape of the workflow, from that version's code; what is in
temporal/histories already is left alone, for it shows what connections are still open with.
"""

import asyncio
import logging
import sys
import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

from temporalio.client import Client, WorkflowHandle
from temporalio.exceptions import ApplicationError

from rosey.contracts.connection import OBSERVED, Observed
from rosey.platform import RoomState
from temporal.worker import make_worker
from tests.servers import until
from tests.temporal.runs import runs_of
from tests.temporal_servers import dev_server
from tests.workflows.connection.desk import BANNED, Desk
from workflows.connection.workflow import Connection

HISTORIES = Path(__file__).parents[3] / "temporal" / "histories"
VERSION = "1.0.0"
# The server then wishes for a new run after so many events, which histories remember.
RENEW = ("--dynamic-config-value", "limit.historyCount.suggestContinueAsNew=60")
ROOM = RoomState(
    users=[{"name": "Rosey", "rank": 3.0}, {"name": "bob", "rank": 0.0}],
    rank=3.0,
    motd="welcome",
    permissions={"chat": 0.0},
    media={"title": "A film", "seconds": 600, "paused": False},
    position=12.5,
    media_at="2026-01-01T00:00:00+00:00",
    user_count=2,
)

Handle = WorkflowHandle[object, object]


async def held(desk: Desk, times: int) -> None:
    await until(lambda: len(desk.holds) >= times and desk.holding >= 1, 20, "held")


async def life(desk: Desk, handle: Handle) -> None:
    """Held, seen, left and joined again."""
    await held(desk, 1)
    await handle.signal(OBSERVED, Observed(connected=True, room=ROOM))
    await handle.execute_update("disconnect", {"user": "zoe"})
    await until(lambda: len(desk.leaves) == 1)
    await handle.signal("connect")
    await held(desk, 2)


async def banned(desk: Desk, handle: Handle) -> None:
    """Refused for good, and sent in again by hand."""
    while (await handle.query("state"))["wanted"]:
        await asyncio.sleep(0.02)
    await handle.execute_update("connect")
    await held(desk, 2)


async def moved(desk: Desk, handle: Handle) -> None:
    """Claimed for a process that is gone, then for one that works; hurried while it waits."""
    await until(lambda: desk.attempts == 1, 30)
    await handle.signal(OBSERVED, Observed(connected=False, failures=1, last_error="lost"))
    await handle.signal("connect")
    await held(desk, 2)


async def by_hand(desk: Desk, handle: Handle) -> None:
    """Much that nobody can read."""
    await held(desk, 1)
    for name in ("connect", "disconnect", OBSERVED, "nonsense"):
        for nonsense in ([1, 2], [[1]], ["x"], [{"user": 5, "room": 7}]):
            await handle.signal(name, args=nonsense)
    await handle.signal(OBSERVED, args=[b"\x00\xff"])
    await handle.signal("disconnect")
    await until(lambda: len(desk.leaves) == 1)


async def renewed(desk: Desk, handle: Handle) -> None:
    """Long enough for a second run."""
    await held(desk, 1)
    run = (await handle.describe()).run_id
    while (await handle.describe()).run_id == run:
        await handle.signal(OBSERVED, Observed(connected=True, room=ROOM))
    await held(desk, 2)


PLAYS: dict[str, Callable[[Desk, Handle], Awaitable[None]]] = {
    "life": life,
    "banned": banned,
    "moved": moved,
    "by-hand": by_hand,
    "renewed": renewed,
}


async def record(folder: Path) -> list[Path]:
    """Plays each and writes its runs, oldest first; returns the new files."""
    written = []
    for name, play in PLAYS.items():
        flags = RENEW if name == "renewed" else ()
        async with dev_server(*flags) as environment:
            client = environment.client
            runs = await _play(client, name, play)
        for number, run in enumerate(runs, 1):
            part = f"-{number}" if len(runs) > 1 else ""
            path = folder / f"connection-{VERSION}-{name}{part}.json"
            if not path.exists():
                path.write_text(run, encoding="utf-8")
                written.append(path)
    return written


async def _play(
    client: Client, name: str, play: Callable[[Desk, Handle], Awaitable[None]]
) -> list[str]:
    queue, home = f"connection-{uuid.uuid4().hex[:8]}", f"home-{name}"
    desk = Desk(*(["deserted", home] if name == "moved" else [home]))
    if name == "banned":
        desk.script = [BANNED]
    if name == "moved":
        desk.script = [ApplicationError("lost", next_retry_delay=timedelta(hours=1))]
    shared = make_worker(client, queue, [Connection], desk.shared)
    async with shared, make_worker(client, home, [], desk.own):
        handle = await client.start_workflow(
            "Connection", id=f"connection:{name}", task_queue=queue
        )
        await play(desk, handle)
        runs = await runs_of(client, handle.id)
        await handle.terminate()
    return runs


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)  # nonsense is part of the play
    for path in asyncio.run(record(HISTORIES)):
        sys.stdout.write(f"{path.name}\n")
