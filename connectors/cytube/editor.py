"""Changing the playlist of one session: one change at a time, until a frame tells of it.

Without a permission the server says nothing at all, so silence is a refusal.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from connectors.cytube.edits import TOO_QUICKLY, Done, Request, missing_permission, request_of
from connectors.cytube.pace import Pace
from connectors.cytube.room import Room
from rosey.contracts.playlist import Edit
from rosey.events import PlaylistItem
from rosey.platform import Occurrence

BREATH = 2.0  # seconds after "too quickly"
_TRIES = 3
_TRUSTED_FROM = 2.0  # the rank that may add faster
_LOST = "The connection to the room was lost."


class Editor:
    """Made for one session; `send` takes an event and its payload and raises ConnectionError."""

    def __init__(self, room: Room, send: Callable[[str, Any], Awaitable[None]]) -> None:
        self._room = room
        self._send = send
        self._lost = False
        self._turn = asyncio.Lock()
        self._asked: Request | None = None
        self._answer: asyncio.Future[Done] | None = None
        self._slow = Pace(1.0, 3, quiet=3.0)
        self._fast = Pace(2.0, 10, quiet=5.0)

    async def carry_out(self, edit: Edit) -> PlaylistItem | None:
        """As `Connector.edit_playlist`."""
        async with self._turn:
            tries = _TRIES
            while True:
                tries -= 1
                try:
                    return await self._try(edit)
                except PermissionError as refusal:
                    if TOO_QUICKLY not in str(refusal) or not tries:
                        raise
                await asyncio.sleep(BREATH)

    def heed(self, occurrence: Occurrence) -> None:
        """Every frame, after the room has taken it in."""
        if self._asked is None or self._answer is None or self._answer.done():
            return
        verdict = self._asked.verdict(occurrence)
        if isinstance(verdict, Done):
            self._answer.set_result(verdict)
        elif verdict is not None:
            self._answer.set_exception(verdict)

    def lose(self) -> None:
        """The session is over: what is under way has failed, and nothing more is asked for."""
        self._lost = True
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionError(_LOST))

    async def _try(self, edit: Edit) -> PlaylistItem | None:
        self._check(edit)
        if edit.kind == "add":
            pace = self._fast if self._room.rank >= _TRUSTED_FROM else self._slow
            await asyncio.sleep(pace.reserve())
        # Only now, for the list may have changed meanwhile.
        request = request_of(edit, self._room)
        return (await self._ask(request)).item if request else None

    def _check(self, edit: Edit) -> None:
        if self._lost:
            raise ConnectionError(_LOST)
        missing = missing_permission(edit, self._room)
        if missing is not None:
            needed = self._room.permissions.get(missing)
            least = "nobody has it" if needed is None else f"it takes rank {needed:g}"
            raise PermissionError(
                f"{self._room.name} (rank {self._room.rank:g}) has not the permission {missing} "
                f"in this room; {least}."
            )

    async def _ask(self, request: Request) -> Done:
        if self._lost:
            raise ConnectionError(_LOST)
        self._asked = request
        self._answer = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(request.seconds):
                await self._send(request.event, request.payload)
                return await self._answer
        except TimeoutError:
            raise PermissionError(
                f"The room did not answer within {request.seconds:g} s, as it does when something "
                "is not permitted."
            ) from None
        finally:
            self._asked = self._answer = None
