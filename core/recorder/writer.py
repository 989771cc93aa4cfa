"""Gathers facts for a moment and writes many at once; waits while the database is away."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from core.recorder.facts import Fact
from rosey.bus import Poison
from rosey.contracts.storage import Code
from rosey.storage import StorageError

log = logging.getLogger("core.recorder")

MOST_AT_ONCE = 100
# Bytes of events; a request must fit into a message.
MOST_BYTES = 256 * 1024
GATHERING = 0.25
FIRST_PAUSE = 0.25
LONGEST_PAUSE = 10.0
MOST_TRIES = 5
# After a write it rests so many times as long as that took: what is written down may be late, and
# the people in the room want the processor, and the database, now.
REST = 4
LONGEST_REST = 1.0

# The event itself is at fault.
REFUSED = (
    Code.VALIDATION_ERROR,
    Code.MISSING_FIELD,
    Code.VALUE_TOO_LARGE,
    Code.INVALID_JSON,
)

Write = Callable[[Sequence[Fact]], Awaitable[None]]


@dataclass(eq=False)
class _Entry:
    fact: Fact
    size: int
    done: "asyncio.Future[None]"


class Writer:
    """`run` calls `write` with what came to `keep`, in order, one call after the other."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._waiting: asyncio.Queue[_Entry] = asyncio.Queue()
        self._left_over: _Entry | None = None
        self._away = False

    async def keep(self, fact: Fact, size: int) -> None:
        """Returns when the fact is written. Raises Poison when the database will not take it."""
        entry = _Entry(fact, size, asyncio.get_running_loop().create_future())
        self._waiting.put_nowait(entry)
        await entry.done

    async def run(self) -> None:
        """Until cancelled."""
        now = asyncio.get_running_loop().time
        while True:
            entries = await self._gather()
            began = now()
            await self._settle(entries)
            await asyncio.sleep(min(REST * (now() - began), LONGEST_REST))

    async def _gather(self) -> list[_Entry]:
        first, self._left_over = self._left_over, None
        entries = [first or await self._waiting.get()]
        size = entries[0].size
        deadline = asyncio.get_running_loop().time() + GATHERING
        while len(entries) < MOST_AT_ONCE:
            try:
                async with asyncio.timeout_at(deadline):
                    entry = await self._waiting.get()
            except TimeoutError:
                break
            size += entry.size
            if size > MOST_BYTES:
                self._left_over = entry
                break
            entries.append(entry)
        return entries

    async def _settle(self, entries: list[_Entry]) -> None:
        """Writes them together, or one by one when one of them is not taken."""
        # Those whose handler has ended are not ours any more: they come again.
        entries = [entry for entry in entries if not entry.done.done()]
        if not entries:
            return
        try:
            await self._persist([entry.fact for entry in entries])
        except StorageError as refusal:
            if len(entries) > 1:
                for entry in entries:
                    await self._settle([entry])
                return
            if refusal.code is not Code.CONFLICT:
                _tell(entries[0], Poison(f"the database refused it: {refusal}"))
                return
            log.info("%s was written before: %s", entries[0].fact.subject, refusal)
        for entry in entries:
            _tell(entry)

    async def _persist(self, facts: list[Fact]) -> None:
        """Tries as long as it takes. Raises StorageError for what no waiting helps."""
        pause, tries = FIRST_PAUSE, 0
        while True:
            try:
                await self._write(facts)
            except StorageError as problem:
                tries += problem.code is Code.INTERNAL_ERROR
                if problem.code in (*REFUSED, Code.CONFLICT) or tries >= MOST_TRIES:
                    raise
                self._wait_for(problem)
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                break
        if self._away:
            self._away = False
            log.info("the database is back")

    def _wait_for(self, problem: StorageError) -> None:
        if not self._away:
            self._away = True
            log.warning("what happens waits in the streams: %s", problem)


def _tell(entry: _Entry, problem: Poison | None = None) -> None:
    if entry.done.done():
        return
    if problem:
        entry.done.set_exception(problem)
    else:
        entry.done.set_result(None)
