"""Commands from chat to chat, and what a durable one costs in history."""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable

from temporalio.client import Client, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy

from core.bench.figures import Bar, Figure, median, percentile
from core.bench.processes import BenchError
from core.bench.room import RPC, channel, history_length
from core.bench.sizes import Sizes
from core.bench.stand import DURABLE, PACE, STATELESS, Asked, Stand
from rosey.durable import Order
from rosey.events import Outcome

_numbers = itertools.count(1)


async def stateless(stand: Stand, sizes: Sizes) -> list[Figure]:
    """Dice, beside the shortest way there and back over NATS."""
    values, floors = await _beside(stand, sizes, STATELESS, stand.round_trip)
    return [
        _figure("stateless", values, floors, "a bare NATS round trip", 8.0),
        Figure("stateless", "chat to chat, p99", percentile(values, 0.99), "ms"),
    ]


async def durable(stand: Stand, sizes: Sizes) -> list[Figure]:
    """An order to a workflow, beside the update alone."""
    handle = await _floor_workflow(stand.client)
    values, floors = await _beside(stand, sizes, DURABLE, lambda: _update(handle))
    return [
        _figure("durable", values, floors, "a bare update on the same server", 1.4),
        Figure("durable", "chat to chat, p99", percentile(values, 0.99), "ms"),
    ]


async def history(stand: Stand, sizes: Sizes) -> list[Figure]:
    """Events that a lone durable command leaves behind."""
    handle = stand.client.get_workflow_handle("trivia:lounge/lobby")
    stand.say("history")
    count = max(1, sizes.commands // 6)
    run, before = await history_length(handle)
    for _ in range(count):
        await stand.chat(DURABLE)
        await asyncio.sleep(PACE)
    same_run, after = await history_length(handle)
    if run != same_run:
        raise BenchError("the workflow renewed itself meanwhile; measure again")
    return [
        Figure("history", "events of a durable command", (after - before) / count, "", bar=Bar(5))
    ]


async def _beside(
    stand: Stand, sizes: Sizes, asked: Asked, floor: Callable[[], Awaitable[float]]
) -> tuple[list[float], list[float]]:
    """Milliseconds of the answer and of its floor, in turns, each from the same short idleness."""
    taken: tuple[list[float], list[float]] = ([], [])
    for turn in range(sizes.commands):
        if turn % 20 == 0:
            stand.say(f"{asked.line}: {turn} of {sizes.commands}")
        taken[1].append(await floor() * 1000)
        await asyncio.sleep(PACE)
        taken[0].append(await stand.chat(asked) * 1000)
        await asyncio.sleep(PACE)
    return taken


def _figure(row: str, values: list[float], floors: list[float], floor: str, limit: float) -> Figure:
    return Figure(
        *(row, "chat to chat, p50", median(values), "ms"),
        floor=median(floors),
        floor_name=floor,
        bar=Bar(limit, of_ratio=True),
    )


async def _floor_workflow(client: Client) -> WorkflowHandle[object, object]:
    """A second room's workflow, in the same worker and as warm as the first."""
    workflow_id = f"trivia:{channel('floor')}"
    await client.start_workflow(
        "Trivia",
        id=workflow_id,
        task_queue="trivia",
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
    )
    handle: WorkflowHandle[object, object] = client.get_workflow_handle(workflow_id)
    for _ in range(3):
        await _update(handle)
    return handle


async def _update(handle: WorkflowHandle[object, object]) -> float:
    order = Order(id=f"c-bench-{next(_numbers)}", action="scores", user="bench")
    began = time.perf_counter()
    await handle.execute_update("deliver", [order], result_type=list[Outcome], rpc_timeout=RPC)
    return time.perf_counter() - began
