"""A room on the bus without a platform: the bench hears what is to be said and shows it."""

import asyncio
import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel
from temporalio.client import Client, WithStartWorkflowOperation, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy

from core.bench.processes import until
from rosey import ids, streams, subjects
from rosey.bus import Bus, Delivery, Incoming
from rosey.durable import Order
from rosey.events import Action, Message, Outcome, Reply, Sent, User
from rosey.streams import ConsumerSpec

CONNECTION = "bench"
RPC = timedelta(seconds=5)
PATIENCE = 15.0
# A question that stays open for as long as anything is measured.
LONG_GAME = {"lead_in": 0, "seconds": 300, "grace": 60, "between": 60}


class State(BaseModel):
    """What the bench needs of a game's `state`."""

    phase: str
    players: int


class Room:
    """Every channel of the connection `bench`. `replies` are command ids as they were answered."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.replies: dict[str, float] = {}
        self._numbers = itertools.count()
        self._clock = datetime.now(UTC)

    async def open(self) -> None:
        spec = ConsumerSpec(streams.SENDS, CONNECTION, (subjects.send(CONNECTION),))
        await self.bus.make(spec)
        await self.bus.consume(spec, self._show)
        await self.bus.subscribe(subjects.reply("*", "*"), self._on_reply)

    def message(self, channel: str, user: str, text: str) -> Message:
        """A line as a connector would publish it."""
        now = self._now()
        return Message(
            id=ids.message_id(channel, now, user, text, next(self._numbers)),
            channel=channel,
            user=User(name=user),
            text=text,
            sent_at=now,
        )

    async def hear(self, message: Message) -> None:
        """Returns when the stream has it."""
        await self.bus.store(subjects.MESSAGE, message.wire(), message.id)

    async def answered(self, commands: Sequence[str], patience: float = PATIENCE) -> None:
        """Waits for the replies to these commands. Raises BenchError."""

        def all_there() -> bool:
            return all(command in self.replies for command in commands)

        await until(all_there, patience, "not every answer was taken", 0.001)

    async def _show(self, delivery: Delivery) -> None:
        action = Action.read(delivery.data)
        sent = Sent(action_id=action.id, channel=action.channel, sent_at=self._now())
        await self.bus.store(subjects.SENT, sent.wire(), action.id)

    async def _on_reply(self, incoming: Incoming) -> None:
        reply = Reply.read(incoming.data)
        if reply.command_id:
            self.replies.setdefault(reply.command_id, asyncio.get_running_loop().time())

    def _now(self) -> datetime:
        """A platform's clock: no two lines at the same millisecond."""
        self._clock = max(self._clock + timedelta(milliseconds=1), datetime.now(UTC))
        return self._clock


def channel(name: str) -> str:
    return f"{CONNECTION}/{name}"


async def open_question(client: Client, room: str) -> WorkflowHandle[Any, Any]:
    """Starts a game of one question in a channel; returns when it is open. Raises BenchError."""
    workflow_id = f"trivia:{room}"
    start: WithStartWorkflowOperation[object, object] = WithStartWorkflowOperation(
        "Trivia",
        id=workflow_id,
        task_queue="trivia",
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
    )
    await client.execute_update_with_start_workflow(
        "start",
        Order(text="1", settings=dict(LONG_GAME)),
        start_workflow_operation=start,
        result_type=Outcome,
        rpc_timeout=RPC,
    )
    handle = client.get_workflow_handle(workflow_id)

    async def is_open() -> bool:
        return (await state(handle)).phase == "open"

    await until(is_open, PATIENCE, f"no question opened in {room}", 0.05)
    return handle


async def state(handle: WorkflowHandle[Any, Any]) -> State:
    found: State = await handle.query("state", result_type=State, rpc_timeout=RPC)
    return found


async def history_length(handle: WorkflowHandle[Any, Any]) -> tuple[str, int]:
    """The run and its number of events."""
    found = await handle.describe(rpc_timeout=RPC)
    return found.run_id or "", found.history_length
