"""Requests from the bus: so many in hand at once, so many waiting, and nobody waits in vain."""

import asyncio
import logging
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from math import inf

import nats.errors

from core.database.desk import Desk, refused
from core.database.problems import Refusal
from core.database.pulse import NOT_YET, Pulse
from rosey.bus import Bus, Incoming, Subscribed
from rosey.contracts.storage import Code

log = logging.getLogger("core.database")

SUBJECTS = "db.*.*.*"
QUEUE = "database"
IN_HAND = 32
WAITING = 512
# Whoever asks hears within two seconds that the database is away. Seconds.
LONGEST_WAIT = 1.5
LOOK_EVERY = 0.1
# What is in hand when the process is told to end may take so long; the host waits a little longer.
FINISH_PATIENCE = 0.7
LEAVE_PATIENCE = 0.2

TOO_LARGE = "The answer is larger than a message may be; ask for less at once."
TOO_MANY = "The database service has too much to do; try again."
ENDING = "The database service is ending; try again."


@dataclass(eq=False)
class Asked:
    """One request, answered once. `since` is the loop's time."""

    incoming: Incoming
    since: float
    is_answered: bool = False


class Intake:
    """Between the bus and the desk."""

    def __init__(self, bus: Bus, desk: Desk, pulse: Pulse) -> None:
        self._bus = bus
        self._desk = desk
        self._pulse = pulse
        self._in_hand: dict[Asked, asyncio.Task[None]] = {}
        self._waiting: deque[Asked] = deque()
        # Answered for somebody who could not wait, and not yet at their end.
        self._leaving: set[asyncio.Task[None]] = set()
        self._subscription: Subscribed | None = None
        self._watching: asyncio.Task[None] | None = None
        self._empty = asyncio.Event()
        self._empty.set()

    async def start(self) -> None:
        """Answers from now on."""
        self._watching = asyncio.create_task(self._watch(), name="who waits too long")
        self._subscription = await self._bus.subscribe(SUBJECTS, self._hear, QUEUE)

    async def stop(self) -> None:
        """Hears nothing more and finishes what it has; what takes too long is refused."""
        with suppress(TimeoutError, nats.errors.Error):
            async with asyncio.timeout(FINISH_PATIENCE):
                if self._subscription is not None:
                    await self._subscription.drain()
                await self._empty.wait()
        await self._turn_away(ENDING, inf)
        await self._give_up(ENDING, inf)
        if self._watching is not None:
            self._watching.cancel()
        if self._leaving:
            await asyncio.wait(self._leaving, timeout=LEAVE_PATIENCE)

    async def _hear(self, incoming: Incoming) -> None:
        asked = Asked(incoming, asyncio.get_running_loop().time())
        if not self._pulse.is_prepared:
            await self._refuse(asked, self._pulse.problem or NOT_YET)
        elif len(self._in_hand) < IN_HAND:
            self._begin(asked)
        elif len(self._waiting) < WAITING:
            self._waiting.append(asked)
        else:
            await self._refuse(asked, TOO_MANY)

    def _begin(self, asked: Asked) -> None:
        self._empty.clear()
        task = asyncio.create_task(self._work(asked), name=asked.incoming.subject)
        self._in_hand[asked] = task
        task.add_done_callback(partial(self._ended, asked))

    async def _work(self, asked: Asked) -> None:
        _, kind, plugin, op = asked.incoming.subject.split(".")
        await self._answer(asked, await self._desk.answer(kind, plugin, op, asked.incoming.data))

    def _ended(self, asked: Asked, task: asyncio.Task[None]) -> None:
        self._leaving.discard(task)
        if self._in_hand.pop(asked, None) is not None:
            self._next()

    def _next(self) -> None:
        if self._waiting:
            self._begin(self._waiting.popleft())
        elif not self._in_hand:
            self._empty.set()

    async def _watch(self) -> None:
        """Nobody waits for his turn too long; while something is wrong, for nothing."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            problem = self._pulse.problem
            before = asyncio.get_running_loop().time() - LONGEST_WAIT
            await self._turn_away(problem or TOO_MANY, before)
            if problem:
                await self._give_up(problem, before)

    async def _turn_away(self, why: str, before: float) -> None:
        """Those who have waited for their turn since `before`."""
        while self._waiting and self._waiting[0].since <= before:
            await self._refuse(self._waiting.popleft(), why)

    async def _give_up(self, why: str, before: float) -> None:
        """What is in hand since `before`: whether it was done is not known."""
        for asked, task in list(self._in_hand.items()):
            if asked.since <= before and asked in self._in_hand:
                del self._in_hand[asked]
                self._leaving.add(task)
                await self._refuse(asked, why)
                task.cancel()
                self._next()

    async def _refuse(self, asked: Asked, why: str) -> None:
        await self._answer(asked, refused(Refusal(Code.UNAVAILABLE, why)))

    async def _answer(self, asked: Asked, answer: bytes) -> None:
        if asked.is_answered or not asked.incoming.reply:
            return
        asked.is_answered = True
        if len(answer) > self._bus.client.max_payload:
            answer = refused(Refusal(Code.VALUE_TOO_LARGE, TOO_LARGE))
        try:
            await self._bus.publish(asked.incoming.reply, answer)
        except nats.errors.Error as problem:
            log.warning("an answer was lost: %s", problem)
