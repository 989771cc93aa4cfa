"""Records histories of `Playlist`: `python -m tests.workflows.playlist.record` in the checkout.

To be run once for each released shape of the workflow, from that version's code; what is in
temporal/histories already is left alone, for it shows what rooms are still open with. Only with
`again` is what there is of this version recorded anew: for a version that no room has had yet.
"""

import asyncio
import logging
import sys
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core.plugins import PLUGINS
from rosey.manifest import load_plugin
from rosey.ranks import Rank
from temporal.client import connect
from temporal.worker import make_worker
from tests.temporal.runs import runs_of
from tests.temporal_servers import dev_server
from tests.workflows.playlist.projector import Projector
from tests.workflows.playlist.scenes import heard_of
from tests.workflows.playlist.theatre import Theatre
from workflows.playlist.show import Show
from workflows.playlist.workflow import Playlist

HISTORIES = Path(__file__).parents[3] / "temporal" / "histories"
# The server then wishes for a new run after so many events, which histories remember.
RENEWED = ("renewed", "database-away")
RENEW = ("--dynamic-config-value", "limit.historyCount.suggestContinueAsNew=100")


async def evening(theatre: Theatre) -> None:
    """Added, refused, voted away, moved, lost by a crash of the server, skipped and played."""
    await joined(theatre)
    for user, media in (("alice", "a1"), ("alice", "a2"), ("bob", "b1"), ("bob", "nothing")):
        await said(theatre, "add", user, media)
    await theatre.order("vote", user="bob", rank=Rank.USER)
    await theatre.order("vote", user="alice", rank=Rank.USER)
    await theatre.at_rest()
    theatre.list.queue("carol", "c1")
    await theatre.at_rest()
    await theatre.order("move", user="zoe", text="2 1")
    await theatre.at_rest()
    heard_of(theatre.list, "leave", "alice")
    theatre.list.restart(keep=1)
    theatre.list.join(users=("alice", "bob"))
    await theatre.at_rest()
    theatre.list.denied.add("move")
    await said(theatre, "add", "zoe", "z1 next", rank=Rank.ADMIN)
    await theatre.order("skip", user="zoe")
    await theatre.at_rest()
    theatre.list.next()
    await theatre.at_rest()


async def renewed(theatre: Theatre) -> None:
    """Long enough for another run, in which what waits is played."""
    await joined(theatre)
    first = await run_of(theatre)
    number = 0
    while await run_of(theatre) == first:
        number += 1
        await said(theatre, "add", "alice", f"m{number}", rank=Rank.ADMIN)
    for _ in range(2):
        theatre.list.next()
        await theatre.at_rest()


async def database_away(theatre: Theatre) -> None:
    """What was added and played before a run ended is written in the next."""
    await joined(theatre)
    theatre.away = True
    first = await run_of(theatre)
    number = 0
    while await run_of(theatre) == first:
        number += 1
        await said(theatre, "add", "alice", f"m{number}", rank=Rank.ADMIN)
        if number % 3 == 0:
            theatre.list.next()
    theatre.away = False
    await theatre.at_rest()


async def by_hand(theatre: Theatre) -> None:
    """Signals and updates by people, and some that nobody can read."""
    handle = theatre.handle
    assert handle
    await joined(theatre)
    for nonsense in ([1, 2], [b"\x00\xff"], ["x"], [{"user": 5}]):
        await handle.signal("add", args=nonsense)
        await handle.signal("skip", args=nonsense)
    await handle.signal("nonsense")
    for media in ("a1", "a2", "a3", "a4"):
        lines = len(theatre.lines)
        await handle.signal("add", {"user": "zoe", "text": media})
        await theatre.until_said(lines + 1)
    await theatre.at_rest()
    await handle.execute_update("move", {"text": "3 1"})
    await handle.execute_update("shuffle")
    await handle.execute_update("vote", {"user": "bob"})
    await handle.signal("skip")
    await theatre.at_rest()
    await handle.execute_update("remove", {"text": "1"})
    await handle.signal("clear")
    await theatre.until(lambda state: not state.waiting)
    await theatre.at_rest()


PLAYS: dict[str, Callable[[Theatre], Awaitable[None]]] = {
    "evening": evening,
    "renewed": renewed,
    "database-away": database_away,
    "by-hand": by_hand,
}


# Whether somebody begins it.
SHOWS = {"at-its-time": False, "begun-before": True}


async def joined(theatre: Theatre) -> None:
    theatre.list.join(first=True, users=("alice", "bob"))
    await theatre.at_rest()


async def said(
    theatre: Theatre, action: str, user: str, text: str, rank: float = Rank.USER
) -> None:
    """Ordered, and answered in the room; the platform is in step."""
    lines = len(theatre.lines)
    await theatre.order(action, user=user, rank=rank, text=text)
    await theatre.until(lambda state: len(theatre.lines) > lines and not state.pending)


async def run_of(theatre: Theatre) -> str:
    assert theatre.handle
    return (await theatre.handle.describe()).run_id or ""


async def record(folder: Path, again: bool = False) -> list[Path]:
    """Plays each and writes its runs, oldest first; returns the new files.

    `again`: what there is of this version goes first.
    """
    version = load_plugin(PLUGINS / "playlist").version
    written = []
    for name, play in PLAYS.items():
        if again:
            for old in folder.glob(f"playlist-{version}-{name}*.json"):
                old.unlink()
        flags = RENEW if name in RENEWED else ()
        async with dev_server(*flags) as environment:
            client = await connect(environment.client.service_client.config.target_host)
            theatre = Theatre(environment)
            async with make_worker(client, "playlist", [Playlist], theatre.activities):
                theatre.handle = await client.start_workflow(
                    "Playlist", id=f"playlist:lounge/{uuid.uuid4().hex}", task_queue="playlist"
                )
                await play(theatre)
                runs = await runs_of(client, theatre.handle.id)
        for number, run in enumerate(runs, 1):
            part = f"-{number}" if len(runs) > 1 else ""
            path = folder / f"playlist-{version}-{name}{part}.json"
            if not path.exists():
                path.write_text(run, encoding="utf-8")
                written.append(path)
    return written


async def record_shows(folder: Path, again: bool = False) -> list[Path]:
    """A show that warned and began at its time, and one that was begun before."""
    version = load_plugin(PLUGINS / "playlist").version
    written = []
    async with dev_server() as environment:
        client = await connect(environment.client.service_client.config.target_host)
        projector = Projector(environment)
        async with make_worker(client, projector.queue, [Show], projector.activities):
            for name, hurried in SHOWS.items():
                at = datetime.now(UTC) + timedelta(seconds=10)
                show = await projector.start(timedelta(seconds=10), lead=7, at=at)
                if hurried:
                    await show.signal("begin")
                await show.result()
                path = folder / f"show-{version}-{name}.json"
                if again or not path.exists():
                    (run,) = await runs_of(client, show.id)
                    path.write_text(run, encoding="utf-8")
                    written.append(path)
    return written


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)  # nonsense is part of the play
    is_new = "again" in sys.argv[1:]
    for path in [
        *asyncio.run(record(HISTORIES, is_new)),
        *asyncio.run(record_shows(HISTORIES, is_new)),
    ]:
        sys.stdout.write(f"{path.name}\n")
