"""A value read from files that is read again when it would differ."""

import asyncio
import logging
from collections.abc import Callable
from types import TracebackType
from typing import Generic, Self, TypeVar

from core.errors import UserError
from rosey import tasks

log = logging.getLogger("core.config")
EVERY = 1.0

Value = TypeVar("Value")


class Watched(Generic[Value]):
    """`value` follows what `read` returns; what cannot be read leaves the last good one."""

    def __init__(self, read: Callable[[], Value]) -> None:
        self._read = read
        self._task: asyncio.Task[None] | None = None
        self.value = read()

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._follow(), name="watch the configuration")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._task:
            await tasks.end(self._task)

    async def _follow(self) -> None:
        said = ""
        while True:
            await asyncio.sleep(EVERY)
            try:
                fresh = self._read()
            except UserError as problem:
                if str(problem) != said:
                    said = str(problem)
                    log.error("the configuration stays as it was: %s", said)
                continue
            if fresh != self.value:
                log.info("the configuration has changed")
            said, self.value = "", fresh
