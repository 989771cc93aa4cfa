"""What a platform connector offers: the interface every folder in `connectors/` implements."""

from collections.abc import AsyncIterator, Callable
from enum import Enum
from typing import Any, Literal, Protocol

from pydantic import BaseModel, Field

from rosey.contracts.playlist import Edit
from rosey.events import Message, PlaylistItem, Wire

Family = Literal["chat", "pm", "user", "media", "playlist", "state", "error"]


class Capabilities(BaseModel):
    """What a platform can do. `length` in the platform's own units, `pace` in lines a second."""

    media: bool = False
    threads: bool = False
    reactions: bool = False
    edits: bool = False
    length: int = 320
    pace: float = 8.0
    burst: int = Field(default=8, description="lines that may go out at once before the pace")


class Occurrence(BaseModel):
    """One frame of a platform: as it came, and what it means.

    `events` are (subject, event) pairs in order; a frame that means nothing to us has none.
    """

    family: Family
    name: str
    payload: Any = None
    events: list[tuple[str, Wire]] = []


class Refusal(BaseModel):
    """The platform did not take a line. `retry_after` in seconds, None when it never will."""

    reason: str
    retry_after: float | None = None


class Entry(BaseModel):
    """How a session begins: the replayed backlog (context, oldest first) and where we are."""

    name: str
    rank: float = 0.0
    backlog: list[Message] = []
    backlog_limit: int = 15


class RoomState(BaseModel):
    """A snapshot of the room for the `state` query. `media_at` is when `position` was true.

    `current` is the uid of what plays; `locked` is None when the platform has not said.
    """

    users: list[dict[str, Any]] = []
    rank: float = -1.0
    motd: str = ""
    permissions: dict[str, float] = {}
    media: dict[str, Any] | None = None
    position: float = 0.0
    paused: bool = False
    media_at: str | None = None
    user_count: int = 0
    playlist: list[PlaylistItem] = []
    current: int | None = None
    locked: bool | None = None


class Verdict(Enum):
    """Whether trying again may help."""

    RETRY = "retry"
    STOP = "stop"
    ELSEWHERE = "elsewhere"


class PlatformError(Exception):
    """Connecting or staying connected failed; the text is a sentence for the operator."""

    def __init__(self, message: str, verdict: Verdict = Verdict.RETRY) -> None:
        super().__init__(message)
        self.verdict = verdict


class NotTaken(PermissionError):
    """The platform looked at an item and does not play it; the text is a sentence."""


class Connector(Protocol):
    """One session on a platform. Made with its settings; used by one task at a time."""

    capabilities: Capabilities

    async def connect(self) -> Entry:
        """Joins. Returns when people's lines can be heard. Raises PlatformError."""

    async def disconnect(self) -> None:
        """Leaves in good order; harmless when not connected."""

    async def send_message(self, line: str) -> None:
        """Sends one line made by `lines`; its echo comes as a Message with `own` set.

        Raises ConnectionError when there is no connection and PermissionError when the room
        does not let us speak (in both cases the line was not sent), ValueError for a line that
        `lines` would not make.
        """

    async def send_pm(self, to: str, line: str) -> None:
        """Sends one line to one person; its echo comes as a Message with `own` and `pm`."""

    async def edit_playlist(self, edit: Edit) -> PlaylistItem | None:
        """Carries out one change of the platform's list; with `lock` it is locked or unlocked.

        Returns when the platform has confirmed it, for an `add` with the item it became. One at a
        time, and somebody must read `recv_events` meanwhile. Raises PermissionError with a
        sentence when the platform refuses or says nothing, LookupError with one when the uid is
        not there any more or holds other media, ConnectionError when there is no connection or it
        was lost meanwhile, and then nobody knows whether it was done.
        """

    def lines(self, text: str) -> list[str]:
        """The text as lines that are safe on this platform, each within its length."""

    def on_event(self, handler: Callable[[Occurrence], None]) -> None:
        """Calls `handler` for every frame, in order, before `recv_events` yields it."""

    def recv_events(self) -> AsyncIterator[Occurrence | Refusal]:
        """Every frame of the session, strictly in order, the entry's own first.

        Replayed lines carry no events; they are in the Entry. A reader that stops may be followed
        by another. Raises PlatformError at the end; after our own `disconnect` it just ends.
        """

    @property
    def is_connected(self) -> bool: ...

    @property
    def state(self) -> RoomState: ...
