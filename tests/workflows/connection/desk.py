"""A desk that plays a process with a connection as a test wants it."""

import asyncio
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from rosey.contracts.connection import (
    CLAIM,
    ELSEWHERE,
    HOLD,
    LEAVE,
    STOPPED,
    Claim,
    Hold,
    Leave,
)

BANNED = ApplicationError("Kicked: you are banned", type=STOPPED, non_retryable=True)
STRANGER = ApplicationError("Somebody else is here", type=ELSEWHERE, non_retryable=True)


class Desk:
    """Holds until cancelled, or does what stands next in the script: fail, or end with None."""

    def __init__(self, *queues: str) -> None:
        self.queues = list(queues)
        self.script: list[ApplicationError | None] = []
        self.claims = 0
        self.holds: list[Hold] = []
        self.attempts = 0
        self.leaves: list[Leave] = []
        self.holding = 0

    @activity.defn(name=CLAIM)
    async def claim(self, connection: str) -> Claim:
        self.claims += 1
        return Claim(queue=self.queues.pop(0) if len(self.queues) > 1 else self.queues[0])

    @activity.defn(name=HOLD)
    async def hold(self, hold: Hold) -> None:
        self.attempts += 1
        if activity.info().attempt == 1:
            self.holds.append(hold)
        if self.script:
            end = self.script.pop(0)
            if end:
                raise end
            return
        self.holding += 1
        try:
            while not activity.is_worker_shutdown():
                activity.heartbeat()
                await asyncio.sleep(0.05)
        finally:
            self.holding -= 1

    @activity.defn(name=LEAVE)
    async def leave(self, leave: Leave) -> None:
        self.leaves.append(leave)

    @property
    def shared(self) -> list[Any]:
        return [self.claim]

    @property
    def own(self) -> list[Any]:
        return [self.hold, self.leave]
