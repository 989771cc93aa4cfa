"""A room's workflow with a clock that can be wound forward."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from rosey.durable import Order
from rosey.events import Outcome
from tests.workflows.trivia.room import SilentRoom
from workflows.trivia.models import TriviaState


class Table:
    """A workflow with a room around it."""

    def __init__(
        self, clock: WorkflowEnvironment, room: SilentRoom, handle: WorkflowHandle[Any, Any]
    ) -> None:
        self.clock = clock
        self.room = room
        self.handle = handle
        self.cached = True
        self.seq = 0

    async def order(self, action: str, **fields: object) -> Outcome:
        self.seq += 1
        order = Order.model_validate(
            {"id": f"c-{self.seq}", "action": action, "seq": self.seq} | fields
        )
        outcomes: list[Outcome] = await self.handle.execute_update(
            "deliver", [order], result_type=list[Outcome]
        )
        return outcomes[0]

    async def say(self, user: str, text: str, after: float = 1.0) -> Outcome:
        shown = self.room.shown[-1]
        return await self.order(
            "answer",
            user=user,
            text=text,
            plain=True,
            shown_at=shown,
            sent_at=shown + timedelta(seconds=after),
        )

    async def until_asked(self, number: int) -> datetime:
        for _ in range(400):
            if len(self.room.shown) >= number and (await self.state()).phase == "open":
                return self.room.shown[-1]
            await self.clock.sleep(0.25)
        raise AssertionError(f"question {number} was not asked: {self.room.lines}")

    async def until_said(self, text: str) -> None:
        for _ in range(400):
            if any(text in line for line in self.room.lines):
                return
            await self.clock.sleep(0.5)
        raise AssertionError(f"{text!r} was not said: {self.room.lines}")

    async def result(self) -> dict[str, Any]:
        """What was handed to whoever keeps results; that comes after the last line."""
        for _ in range(400):
            if self.room.results:
                return self.room.results[-1]
            await self.clock.sleep(0.25)
        raise AssertionError("no result was kept")

    async def until(self, holds: Callable[[TriviaState], bool]) -> None:
        for _ in range(400):
            if holds(await self.state()):
                return
            await self.clock.sleep(0.5)
        raise AssertionError(f"in vain: {await self.state()}")

    async def state(self) -> TriviaState:
        state: TriviaState = await self.handle.query("state", result_type=TriviaState)
        return state
