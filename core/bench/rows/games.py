"""A thousand games at once on one worker: how late their timers are, and what each costs."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import psutil
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, RPCTimeoutOrCancelledError
from temporalio.service import RPCError

from core.bench.figures import Bar, Figure, median, percentile
from core.bench.processes import BenchError, pss_mb
from core.bench.room import channel
from core.bench.sizes import Sizes
from core.bench.stand import Stand
from core.plugins import load

AT_ONCE = 16
LONE_GAMES = 10
# Starting one takes no longer, and the first one a little; only then do questions run out. Seconds.
TO_START = 0.03
FIRST = 3.0
HANDLED = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
QUESTION = {"id": "bench-0", "text": "What is measured here?", "answer": "patience"}


async def games(stand: Stand, sizes: Sizes) -> list[Figure]:
    """Each game has an open question; their times run out one after the other, all in a while."""
    stand.say("games: a few alone")
    soon = datetime.now(UTC) + timedelta(seconds=FIRST)
    lone = [soon + timedelta(seconds=0.3 * number) for number in range(LONE_GAMES)]
    floors = await _lateness(stand, "lone", lone)
    servers = [psutil.Process(stand.rosey.pid(name)) for name in ("trivia", "temporal")]
    before = pss_mb(servers)
    opening = datetime.now(UTC) + timedelta(seconds=FIRST + TO_START * sizes.games)
    stand.say(f"games: starting {sizes.games}")
    ends = [
        opening + timedelta(seconds=sizes.games_last * number / sizes.games)
        for number in range(sizes.games)
    ]
    names = await _start(stand, "live", ends)
    if datetime.now(UTC) > opening:
        raise BenchError(f"{sizes.games} games could not be started in time")
    each = (pss_mb(servers) - before) * 1024 / sizes.games
    stand.say(f"games: {sizes.games} are live, for {sizes.games_last:g} s")
    values = await _measured(stand, names, ends)
    return [
        _late("p50", median(values), median(floors)),
        _late("p99", percentile(values, 0.99), percentile(floors, 0.99), Bar(250)),
        Figure("games", "memory of each (PSS)", each, "KB", bar=Bar(100)),
    ]


def _late(which: str, value: float, floor: float, bar: Bar | None = None) -> Figure:
    name = f"timers late, {which}"
    return Figure(
        "games", name, value, "ms", floor=floor, floor_name=f"{LONE_GAMES} games alone", bar=bar
    )


async def _lateness(stand: Stand, kind: str, ends: Sequence[datetime]) -> list[float]:
    return await _measured(stand, await _start(stand, kind, ends), ends)


async def _start(stand: Stand, kind: str, ends: Sequence[datetime]) -> list[str]:
    """Games that are in the middle of a question; returns their workflow ids."""
    names = [f"trivia:{channel(f'{kind}-{number}')}" for number in range(len(ends))]
    gate = asyncio.Semaphore(AT_ONCE)

    async def start(name: str, end: datetime) -> None:
        async with gate:
            await stand.client.start_workflow(
                "Trivia", _state(name.partition(":")[2], end), id=name, task_queue="trivia"
            )

    async with asyncio.TaskGroup() as group:
        for name, end in zip(names, ends, strict=True):
            group.create_task(start(name, end))
    return names


def _state(room: str, end: datetime) -> Any:
    """What a game's run hands to the next: its first question of two, open until `end`."""
    now = datetime.now(UTC)
    return load("workflows.trivia.models:Room").model_validate(
        {
            "channel": room,
            "game": {
                "id": f"g-{room}",
                "started_by": "bench",
                "settings": {"between": 60},
                "wanted": 2,
                "questions": [QUESTION, QUESTION | {"id": "bench-1"}],
                "index": 0,
                "phase": "open",
                "until": end,
                "round": {"question": QUESTION, "opened_at": now, "shown_at": now},
            },
        }
    )


async def _measured(stand: Stand, names: Sequence[str], ends: Sequence[datetime]) -> list[float]:
    """Waits until the last question has run out; milliseconds that each was late."""
    left = (max(ends) - datetime.now(UTC)).total_seconds()
    await asyncio.sleep(left + 2)
    gate = asyncio.Semaphore(AT_ONCE)

    async def late(name: str, end: datetime) -> float:
        async with gate:
            return await _late_by(stand.client, name, end)

    return list(await asyncio.gather(*map(late, names, ends)))


async def _late_by(client: Client, name: str, end: datetime) -> float:
    """From the time the question was to end until the worker had done its part, in server time."""
    try:
        history = await client.get_workflow_handle(name).fetch_history()
    except (RPCError, RPCTimeoutOrCancelledError) as problem:
        raise BenchError(f"the history of {name} cannot be read: {problem}") from problem
    fired = False
    for event in history.events:
        fired = fired or event.event_type == EventType.EVENT_TYPE_TIMER_FIRED
        if fired and event.event_type == HANDLED:
            return (_time(event) - end).total_seconds() * 1000
    raise BenchError(f"the timer of {name} has not fired")


def _time(event: HistoryEvent) -> datetime:
    return event.event_time.ToDatetime(tzinfo=UTC)
