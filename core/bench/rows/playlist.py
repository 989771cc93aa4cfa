"""The playlist: an `!add` from chat to chat, a long queue in one query, and a year's replay."""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Iterable, Iterator
from typing import Any

from pydantic import BaseModel
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowHandle, WorkflowHistory

from core.bench.figures import Bar, Figure, median
from core.bench.processes import BenchError, until
from core.bench.room import PATIENCE, RPC, channel, history_length
from core.bench.rows import years
from core.bench.sizes import Sizes
from core.bench.stand import PACE, Asked, Stand
from core.plugins import load
from rosey import ids
from rosey.contracts.media import LOOK_UP
from rosey.durable import Order
from rosey.events import Outcome
from rosey.ranks import Rank
from temporal.replay import check

LOBBY = "playlist:lounge/lobby"
# A file's name says all that is looked up, so nobody has to be asked over the network.
LINK = "https://files.example.org/bench-{}.mp4"
ADDED = "Added to queue"
FLOOR = "a bare update, a bare query, and the replay of a room without anything"
# A run is renewed at 500 events when nothing is under way; an `add` costs some 25.
LONGEST = 470

Handle = WorkflowHandle[Any, Any]

_numbers = itertools.count(1)


class _Queue(BaseModel):
    """What the bench needs of the `queue` query."""

    items: list[dict[str, Any]]


class _State(BaseModel):
    """What it needs of `state`."""

    waiting: int
    unrecorded: int


async def playlist(stand: Stand, sizes: Sizes) -> list[Figure]:
    """On the room that people are in, and on rooms whose state is made up."""
    empty = await _open(stand.client, "playlist-empty", 0)
    figures = await _adds(stand, sizes, empty)
    figures += await _reads(stand, sizes, empty)
    return figures + await _replays(stand, sizes)


# -- adding ------------------------------------------------------------------------------------


async def _adds(stand: Stand, sizes: Sizes, empty: Handle) -> list[Figure]:
    """In turns with an update that leads to nothing, in the same worker and as warm."""
    values, floors = [], []
    for turn in range(-2, sizes.commands):
        if turn % 20 == 0:
            stand.say(f"playlist: {turn} of {sizes.commands} adds")
        floors.append(await _timed(_order(empty, "vote")))
        await asyncio.sleep(PACE)
        link = LINK.format(next(_numbers))
        values.append(await stand.chat(Asked(f"!add {link}", ADDED)) * 1000)
        await asyncio.sleep(PACE)
    look_up = median(await _look_ups(stand.client))
    return [
        Figure(
            *("playlist", "!add less its look-up, p50", median(values[2:]) - look_up, "ms"),
            floor=median(floors[2:]),
            floor_name=FLOOR,
            bar=Bar(1.4, of_ratio=True),
        ),
        Figure("playlist", "look-up of a link to a file, p50", look_up, "ms"),
    ]


async def _look_ups(client: Client) -> list[float]:
    """Milliseconds of each in this run and the one before, in the server's time."""
    found: list[float] = []
    run: str | None = None
    for _ in range(2):
        history = await client.get_workflow_handle(LOBBY, run_id=run).fetch_history()
        found += _durations(history.events)
        started = history.events[0].workflow_execution_started_event_attributes
        run = started.continued_execution_run_id
        if not run:
            break
    return found


def _durations(events: Iterable[HistoryEvent]) -> Iterator[float]:
    """From asked for to known, of each look-up that has ended."""
    begun: dict[int, float] = {}
    for event in events:
        at = event.event_time.ToMicroseconds() / 1000
        if event.activity_task_scheduled_event_attributes.activity_type.name == LOOK_UP:
            begun[event.event_id] = at
        scheduled = event.activity_task_completed_event_attributes.scheduled_event_id
        if scheduled in begun:
            yield at - begun.pop(scheduled)


# -- looking -----------------------------------------------------------------------------------


async def _reads(stand: Stand, sizes: Sizes, empty: Handle) -> list[Figure]:
    """A long queue: what one query tells of it, and what it leaves in the history: nothing."""
    stand.say(f"playlist: a queue of {sizes.queued}")
    full = await _open(stand.client, "playlist-full", sizes.queued)
    told: _Queue = await full.query("queue", result_type=_Queue, rpc_timeout=RPC)
    run, before = await history_length(full)
    queries, floors, values = [], [], []
    for _ in range(sizes.commands):
        floors.append(await _timed(empty.query("now", rpc_timeout=RPC)))
        queries.append(await _timed(full.query("queue", rpc_timeout=RPC)))
        values.append(await _timed(_ask(stand, "playlist-full", "!queue")))
        await asyncio.sleep(PACE)
    if (run, before) != (after := await history_length(full)):
        raise BenchError(f"looking has left events in the history: {before}, then {after[1]}")
    long = f"a queue of {sizes.queued}"
    return [
        Figure(
            "playlist", f"{long}: lost by one query", sizes.queued - len(told.items), "", bar=Bar(0)
        ),
        Figure(
            *("playlist", f"{long}: one query, p50", median(queries), "ms"),
            floor=median(floors),
            floor_name=FLOOR,
        ),
        Figure(
            *("playlist", f"{long}: !queue to its reply, p50", median(values), "ms"),
            floor=median(floors),
            floor_name=FLOOR,
        ),
    ]


async def _ask(stand: Stand, room: str, line: str) -> None:
    """Says a line in a room of the bench; returns when it is answered."""
    message = stand.room.message(channel(room), "bench", line)
    await stand.room.hear(message)
    await stand.room.answered([ids.command_id(message.id, "playlist")])


# -- replay ------------------------------------------------------------------------------------


async def _replays(stand: Stand, sizes: Sizes) -> list[Figure]:
    """A run that began with what a year leaves, and is about to end."""
    stand.say("playlist: a year")
    old = await _open(stand.client, "playlist-year", years.WAITING, year=True)
    await _fill(old, LONGEST)
    new = await _open(stand.client, "playlist-new", 0)
    await _settled(new, 0)
    seconds = await _replay(old, sizes.times)
    return [
        Figure(
            *("playlist", "replay of a year-old playlist", median(seconds), "s"),
            floor=median(await _replay(new, sizes.times)),
            floor_name=FLOOR,
            bar=Bar(0.5),
        ),
    ]


async def _fill(handle: Handle, longest: int) -> None:
    """Lets a run's history grow by additions. Raises BenchError when it is renewed meanwhile."""
    run, length = await history_length(handle)
    waiting = years.WAITING
    while length < longest:
        await _order(handle, "add", LINK.format(next(_numbers)))
        waiting += 1
        await _settled(handle, waiting)
        now, length = await history_length(handle)
        if now != run:
            raise BenchError("the playlist renewed itself meanwhile; measure again")


async def _settled(handle: Handle, waiting: int) -> None:
    async def holds() -> bool:
        state: _State = await handle.query("state", result_type=_State, rpc_timeout=RPC)
        return (state.waiting, state.unrecorded) == (waiting, 0)

    await until(holds, PATIENCE, f"{waiting} items were not queued")


async def _replay(handle: Handle, times: int) -> list[float]:
    """Seconds of each. Raises BenchError when it cannot be repeated."""
    workflow = load("workflows.playlist.workflow:Playlist")
    history = await handle.fetch_history()
    taken = []
    for _ in range(times):
        whole = WorkflowHistory(history.workflow_id, history.events)
        began = time.perf_counter()
        problem = await check(handle.id, whole, [workflow])
        taken.append(time.perf_counter() - began)
        if problem:
            raise BenchError(str(problem))
    return taken


# -- rooms -------------------------------------------------------------------------------------


async def _open(client: Client, room: str, waiting: int, year: bool = False) -> Handle:
    """A room's workflow with so many items, as if an earlier run had left them."""
    workflow_id = f"playlist:{channel(room)}"
    state = load("workflows.playlist.models:Room").model_validate(
        years.room(channel(room), waiting, year)
    )
    handle: Handle = await client.start_workflow(
        "Playlist", state, id=workflow_id, task_queue="playlist"
    )
    for _ in range(3):
        await _order(handle, "vote")
    return handle


async def _order(handle: Handle, action: str, text: str = "") -> None:
    order = Order(
        id=f"c-bench-{next(_numbers)}", action=action, user="bench", rank=Rank.ADMIN, text=text
    )
    await handle.execute_update("deliver", [order], result_type=list[Outcome], rpc_timeout=RPC)


async def _timed(work: Awaitable[object]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    await work
    return (time.perf_counter() - began) * 1000
