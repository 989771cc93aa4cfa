"""kill -9 of what matters most, and how soon and how completely everything is back."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from pydantic import BaseModel
from temporalio.client import WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError

from core.bench.figures import Bar, Figure, median
from core.bench.processes import bare_nats, bare_temporal, bare_worker
from core.bench.room import RPC, channel, open_question
from core.bench.rows.answers import ANSWER
from core.bench.sizes import Sizes
from core.bench.stand import DURABLE, STATELESS, Asked, Stand
from rosey import ids, subjects
from rosey.durable import Order
from rosey.events import Outcome

PATIENCE = 30.0
EVERY = 0.1


class _Score(BaseModel):
    user: str


async def plugin(stand: Stand, sizes: Sizes) -> list[Figure]:
    """A worker dies in the middle of a game while people go on answering."""
    room = channel("crash-plugin")
    await open_question(stand.client, room)
    seconds, floors, said = [], [], []
    for turn in range(sizes.times):
        stand.say(f"plugin: {turn + 1} of {sizes.times}")
        floors.append(await bare_worker())
        await asyncio.sleep(sizes.steady)
        said.append(await _answer(stand, room, f"before{turn}"))
        dead = stand.rosey.kill("trivia")
        began = asyncio.get_running_loop().time()
        first = await _answer(stand, room, f"during{turn}")
        said.append(first)
        while first not in stand.room.replies:
            await asyncio.sleep(EVERY)
            said.append(await _answer(stand, room, f"after{turn}-{len(said)}"))
            if asyncio.get_running_loop().time() - began > PATIENCE:
                break
        await stand.room.answered(said, PATIENCE)
        seconds.append(stand.room.replies[first] - began)
        await stand.rosey.ready_again("trivia", dead)
    lost = sum(command not in stand.room.replies for command in said)
    return [
        Figure("plugin", "answers lost", lost, "", bar=Bar(0)),
        Figure(
            *("plugin", "kill -9 to the next answer taken", median(seconds), "s"),
            floor=median(floors),
            floor_name="a process that only loads a worker's libraries",
            bar=Bar(4),
        ),
    ]


async def nats(stand: Stand, sizes: Sizes) -> list[Figure]:
    """The bus dies while messages are stored."""
    stored: dict[str, int] = {}

    async def store(number: int) -> None:
        message = stand.room.message(channel("crash-nats"), "writer", f"line {number}")
        ack = await stand.bus.store(subjects.MESSAGE, message.wire(), message.id)
        stored[message.id] = ack.seq

    seconds, floors = [], []
    for turn in range(sizes.times):
        stand.say(f"nats: {turn + 1} of {sizes.times}")
        floors.append(await bare_nats(stand.folder / f"bare-nats-{turn}"))
        seconds.append(await _killed(stand, sizes, "nats", STATELESS, store))
    lost = 0
    for message_id, seq in stored.items():
        again = await stand.bus.store(subjects.MESSAGE, b"{}", message_id)
        lost += not again.duplicate or again.seq != seq
    return [
        Figure("nats", "acknowledged messages lost", lost, "", bar=Bar(0)),
        Figure(
            *("nats", "kill -9 to the next answer in chat", median(seconds), "s"),
            floor=median(floors),
            floor_name="a nats-server alone",
            bar=Bar(5),
        ),
    ]


async def temporal(stand: Stand, sizes: Sizes) -> list[Figure]:
    """Temporal dies while updates are under way."""
    handle = await open_question(stand.client, channel("crash-temporal"))
    taken: list[str] = []

    async def update(_: int) -> None:
        name = f"writer{len(taken)}"
        order = Order(id=f"c-bench-{name}", action="answer", user=name, text="not this one")
        try:
            await handle.execute_update(
                "deliver", [order], id=order.id, result_type=list[Outcome], rpc_timeout=RPC
            )
        except (RPCError, WorkflowUpdateRPCTimeoutOrCancelledError):
            return
        taken.append(name)

    seconds, floors = [], []
    for turn in range(sizes.times):
        stand.say(f"temporal: {turn + 1} of {sizes.times}")
        floors.append(await bare_temporal(stand.folder / "bare-temporal"))
        seconds.append(await _killed(stand, sizes, "temporal", DURABLE, update))
    known = await handle.query("scores", result_type=list[_Score], rpc_timeout=RPC)
    lost = len(set(taken) - {score.user for score in known})
    return [
        Figure("temporal", "acknowledged updates lost", lost, "", bar=Bar(0)),
        Figure(
            *("temporal", "kill -9 to the next answer in chat", median(seconds), "s"),
            floor=median(floors),
            floor_name="a Temporal server alone",
            bar=Bar(5),
        ),
    ]


async def _killed(
    stand: Stand, sizes: Sizes, name: str, asked: Asked, write: Callable[[int], Awaitable[None]]
) -> float:
    """Seconds from the kill to the answer to a line said right after it."""
    await asyncio.sleep(sizes.steady)
    stop = asyncio.Event()

    async def keep_writing() -> None:
        number = 0
        while not stop.is_set():
            await write(number)
            number += 1

    async with asyncio.TaskGroup() as group:
        group.create_task(keep_writing())
        await asyncio.sleep(0.5)
        dead = stand.rosey.kill(name)
        began = time.perf_counter()
        await stand.chat(asked, PATIENCE)
        seconds = time.perf_counter() - began
        stop.set()
    await stand.rosey.ready_again(name, dead)
    return seconds


async def _answer(stand: Stand, room: str, user: str) -> str:
    """The command that the answer becomes."""
    message = stand.room.message(room, user, ANSWER)
    await stand.room.hear(message)
    return ids.command_id(message.id, "trivia")
