"""A fake: a session in a room in memory, with every promise of a real connector kept."""

import asyncio
import unicodedata
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any

from connectors.fake.room import BACKLOG, FakeRoom, Frame, Seat
from connectors.fake.settings import FakeSettings
from rosey import subjects
from rosey.channels import Channel
from rosey.contracts.playlist import Edit
from rosey.events import (
    MediaEvent,
    Message,
    PlaylistChange,
    PlaylistItem,
    User,
    UserEvent,
    Wire,
    utc,
)
from rosey.ids import derive, message_id
from rosey.platform import (
    Capabilities,
    Entry,
    Family,
    Occurrence,
    PlatformError,
    Refusal,
    RoomState,
)

_FAMILIES: dict[str, Family] = {
    "line": "chat",
    "pm": "pm",
    "join": "user",
    "leave": "user",
    "update": "user",
    "refused": "error",
    "list": "playlist",
    "queue": "playlist",
    "delete": "playlist",
    "move": "playlist",
    "lock": "playlist",
    "media": "media",
    "end": "media",
}
_USER_SUBJECTS = {
    "join": subjects.USER_JOIN,
    "leave": subjects.USER_LEAVE,
    "update": subjects.USER_UPDATE,
}
_MEDIA_SUBJECTS = {"media": subjects.MEDIA_CHANGE, "end": subjects.MEDIA_END}
_CHANGES = {
    "list": "replaced",
    "queue": "added",
    "delete": "removed",
    "move": "moved",
    "lock": "locked",
}


class FakeConnector:
    """Implements `rosey.platform.Connector` on a `FakeRoom`."""

    capabilities = Capabilities(media=True, length=320, pace=1000.0, burst=1000)

    def __init__(self, settings: FakeSettings) -> None:
        self.room = FakeRoom.named(settings.room)
        self._channel = Channel(settings.connection, settings.room).key
        self._user = settings.user
        self._handlers: list[Callable[[Occurrence], None]] = []
        self._ready: deque[Occurrence | Refusal] = deque()
        self._seat: Seat | None = None
        self._left = False
        self._over = False
        self._end: PlatformError | None = None
        self._frames = 0

    async def connect(self) -> Entry:
        await self.disconnect()
        self._ready.clear()
        self._left = self._over = False
        self._end = None
        self._frames = 0
        self._seat = self.room.enter(self._user)
        backlog = [self._message(line) for line in self.room.lines[-BACKLOG:]]
        rank = self.room.people[self._user.lower()].rank
        return Entry(name=self._user, rank=rank, backlog=backlog, backlog_limit=BACKLOG)

    async def disconnect(self) -> None:
        self._left = True
        if self._seat is not None:
            self.room.exit(self._seat)

    async def send_message(self, line: str) -> None:
        self.room.take(self._open_seat(), _checked(line))

    async def send_pm(self, to: str, line: str) -> None:
        self.room.take(self._open_seat(), _checked(line), to)

    async def edit_playlist(self, edit: Edit) -> PlaylistItem | None:
        return await self.room.edit(self._open_seat(), edit)

    def lines(self, text: str) -> list[str]:
        length = self.capabilities.length
        pieces = [
            line[start : start + length].strip()
            for line in map(_plain, text.splitlines())
            for start in range(0, len(line), length)
        ]
        return [piece for piece in pieces if piece]

    def on_event(self, handler: Callable[[Occurrence], None]) -> None:
        self._handlers.append(handler)

    async def recv_events(self) -> AsyncIterator[Occurrence | Refusal]:
        while True:
            while self._ready:
                yield self._ready.popleft()
            if self._end is not None:
                raise self._end
            if self._seat is None or self._over:
                return
            self._work(await self._seat.arrivals.get())

    @property
    def is_connected(self) -> bool:
        return self._seat is not None and self._seat.open

    @property
    def state(self) -> RoomState:
        users = [user.model_dump(exclude_none=True) for user in self.room.people.values()]
        own = self.room.people.get(self._user.lower(), User(name=self._user, rank=-1.0))
        playlist = self.room.playlist
        playing = playlist.playing
        return RoomState(
            users=users,
            rank=own.rank,
            user_count=len(users),
            media=playing and playing.media.model_dump(),
            playlist=list(playlist.items),
            current=playlist.current,
            locked=playlist.locked,
        )

    def _open_seat(self) -> Seat:
        if self._seat is None or not self._seat.open:
            raise ConnectionError("There is no connection to the fake room.")
        return self._seat

    def _work(self, arrival: Frame | asyncio.Event | PlatformError) -> None:
        if isinstance(arrival, asyncio.Event):
            arrival.set()
            return
        if isinstance(arrival, PlatformError):
            self._over = True
            self._end = None if self._left else arrival
            return
        self._frames += 1
        occurrence = Occurrence(
            family=_FAMILIES[arrival.name],
            name=arrival.name,
            payload=arrival.payload,
            events=self._events(arrival),
        )
        self._ready.append(occurrence)
        for handler in self._handlers:
            handler(occurrence)
        if arrival.name == "refused":
            self._ready.append(Refusal.model_validate(arrival.payload))

    def _events(self, frame: Frame) -> list[tuple[str, Wire]]:
        if frame.name == "line":
            return [(subjects.MESSAGE, self._message(frame.payload))]
        if frame.name == "pm":
            return [(subjects.PM, self._message(frame.payload, pm=True))]
        if frame.name in _USER_SUBJECTS:
            return [(_USER_SUBJECTS[frame.name], self._user_event(frame.payload["user"]))]
        if frame.name in _MEDIA_SUBJECTS:
            return [(_MEDIA_SUBJECTS[frame.name], self._media_event(frame.payload["item"]))]
        if frame.name in _CHANGES:
            return [(subjects.PLAYLIST_CHANGE, self._change(frame))]
        return []

    def _message(self, line: dict[str, Any], pm: bool = False) -> Message:
        name, text, sent_at = line["user"], line["text"], utc(line["time"])
        origin = f"{self._channel}/pm" if pm else self._channel
        return Message(
            id=message_id(origin, sent_at, name, text, line["n"]),
            channel=self._channel,
            user=self.room.people.get(name.lower(), User(name=name)),
            text=text,
            sent_at=sent_at,
            pm=pm,
            own=name.lower() == self._user.lower(),
            metadata={"to": line["to"]} if pm else {},
        )

    def _user_event(self, user: dict[str, Any]) -> UserEvent:
        return UserEvent(
            id=self._id("u"),
            channel=self._channel,
            user=User.model_validate(user),
            at=self.room.clock(),
        )

    def _media_event(self, payload: dict[str, Any]) -> MediaEvent:
        item = PlaylistItem.model_validate(payload)
        return MediaEvent(
            id=self._id("v"),
            channel=self._channel,
            at=self.room.clock(),
            media=item.media,
            uid=item.uid,
        )

    def _change(self, frame: Frame) -> PlaylistChange:
        told = frame.payload
        item = told.get("item")
        return PlaylistChange(
            id=self._id("p"),
            channel=self._channel,
            at=self.room.clock(),
            kind=_CHANGES[frame.name],
            items=told.get("items") or ([item] if frame.name == "queue" else []),
            uid=item["uid"] if item else told.get("uid"),
            after=told.get("after"),
            locked=told.get("locked"),
            current=told.get("current"),
        )

    def _id(self, prefix: str) -> str:
        started = self._seat.started if self._seat else 0
        return derive(prefix, self._channel, started, self._frames)


def _plain(line: str) -> str:
    """Control characters become spaces."""
    return "".join(" " if unicodedata.category(char) == "Cc" else char for char in line).strip()


def _checked(line: str) -> str:
    if not line or line != _plain(line):
        raise ValueError("This is no line made by lines(): empty, or with control characters.")
    return line
