"""What somebody said last in a room: the service `core.last_line`."""

import asyncio
from collections.abc import Callable
from typing import Any

from rosey.contracts.memory import LastLine, LastLineAsked
from rosey.names import name_key
from rosey.plugin import Context, Plugin
from rosey.services import ServiceCode, ServiceError
from rosey.storage import Database, StorageError
from rosey.storage.patterns import literally

# What is said is written a moment later. Seconds to wait for that, and between looks.
CATCH_UP = 1.5
LOOK_EVERY = 0.1


class LastLines:
    """Answers from the room's tables; with `keep_days` of 0 nothing is in them."""

    def __init__(self, database: Database, keep_days: Callable[[], int]) -> None:
        self._database = database
        self._keep_days = keep_days

    def beside(self, plugin: Plugin) -> Plugin:
        """The plugin, which offers this too."""

        @plugin.service
        async def last_line(ctx: Context, asked: LastLineAsked) -> LastLine:
            return await self.answer(asked)

        return plugin

    async def answer(self, asked: LastLineAsked) -> LastLine:
        """Raises ServiceError while the database is away, or the recorder far behind the room.

        What it does not know then could be what is asked for.
        """
        if self._keep_days() == 0:
            return LastLine()
        try:
            await self._caught_up(asked)
            return await self._last(asked)
        except StorageError as problem:
            raise _away(f"The room's memory is not there: {problem}") from problem

    async def _caught_up(self, asked: LastLineAsked) -> None:
        """Lines are written in their order, so with the asking line all before it is there."""
        if asked.before is None:
            return
        later = {"channel": asked.channel, "sent_at": {"$gte": asked.before}}
        deadline = asyncio.get_running_loop().time() + CATCH_UP
        while not await self._database.select("chat", later, limit=1):
            if asyncio.get_running_loop().time() > deadline:
                raise _away("What was said just now is not written down yet.")
            await asyncio.sleep(LOOK_EVERY)

    async def _last(self, asked: LastLineAsked) -> LastLine:
        name = await self._spelling(asked)
        theirs: dict[str, Any] = {"channel": asked.channel, "username": name, "text": {"$ne": ""}}
        if asked.before:
            theirs["sent_at"] = {"$lt": asked.before}
        if asked.prefix:
            theirs["$not"] = {"text": {"$like": f"{literally(asked.prefix)}%"}}
        rows = await self._database.select("chat", theirs, order=("-sent_at", "-id"), limit=1)
        return LastLine.model_validate(rows[0]) if rows else LastLine()

    async def _spelling(self, asked: LastLineAsked) -> str:
        """The chat has names as they are written, and of people it is known how they write it."""
        who = {"channel": asked.channel, "name_key": name_key(asked.user)}
        rows = await self._database.select("users", who, limit=1)
        return str(rows[0]["username"]) if rows else asked.user


def _away(why: str) -> ServiceError:
    return ServiceError(ServiceCode.UNAVAILABLE, why)
