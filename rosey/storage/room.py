"""A room's memory: who said what, who came when. One interface over whatever keeps it."""

from datetime import datetime
from typing import Annotated, Protocol

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict

from rosey.contracts.storage import MOST_ROWS
from rosey.events import Message
from rosey.names import name_key
from rosey.storage.client import Database
from rosey.storage.operations import UserAction, counted, did, met, said

Number = Annotated[int, BeforeValidator(lambda value: value or 0)]
Amount = Annotated[float, BeforeValidator(lambda value: value or 0.0)]


class _Row(BaseModel):
    model_config = ConfigDict(extra="ignore")


class ChatLine(_Row):
    """A line as it was said. `own`: by Rosey herself."""

    message_id: str
    channel: str
    username: str
    text: str
    sent_at: AwareDatetime
    own: bool = False


class UserStats(_Row):
    """What is known of somebody in a room. `online_since`: here now, since then.

    `seconds_connected` are those of visits that are over.
    """

    channel: str
    username: str
    first_seen: AwareDatetime | None = None
    last_seen: AwareDatetime | None = None
    lines: Number = 0
    seconds_connected: Amount = 0.0
    online_since: AwareDatetime | None = None

    def connected(self, now: datetime) -> float:
        """Seconds until `now`, the visit that goes on included."""
        visit = (now - self.online_since).total_seconds() if self.online_since else 0.0
        return self.seconds_connected + max(0.0, visit)


class ChannelStats(_Row):
    """`users` were in the room at `users_at`, the most ever were `peak_users`."""

    channel: str
    users: Number = 0
    users_at: AwareDatetime | None = None
    peak_users: Number = 0
    peak_at: AwareDatetime | None = None
    lines: Number = 0


class RoomStorage(Protocol):
    """Saves once what comes twice with one id; names are compared without regard to case.

    Raises StorageError, and Unavailable while the database is away.
    """

    async def connect(self) -> None:
        """Raises StorageError when it cannot be used now."""

    async def close(self) -> None:
        """Nothing more will be asked."""

    async def save_message(self, message: Message) -> None:
        """A line of chat; a private one is not kept."""

    async def save_user_action(self, action: UserAction) -> None:
        """What somebody did, who was therefore there."""

    async def get_user_stats(self, channel: str, user: str) -> UserStats | None:
        """None for somebody who was never seen there."""

    async def update_channel_stats(self, channel: str, users: int, at: datetime) -> None:
        """So many people were in the room; keeps the peak."""

    async def get_channel_stats(self, channel: str) -> ChannelStats | None:
        """None for a room of which nothing is known."""

    async def get_recent_messages(self, channel: str, limit: int = 100) -> list[ChatLine]:
        """The newest, oldest first; at most 1,000."""

    async def get_top_talkers(self, channel: str, limit: int = 5) -> list[UserStats]:
        """Those with the most lines."""


class NoOpStorage:
    """Keeps nothing."""

    async def connect(self) -> None:
        """Always there."""

    async def close(self) -> None:
        """Nothing to end."""

    async def save_message(self, message: Message) -> None:
        """Forgets it."""

    async def save_user_action(self, action: UserAction) -> None:
        """Forgets it."""

    async def get_user_stats(self, channel: str, user: str) -> UserStats | None:
        return None

    async def update_channel_stats(self, channel: str, users: int, at: datetime) -> None:
        """Forgets it."""

    async def get_channel_stats(self, channel: str) -> ChannelStats | None:
        return None

    async def get_recent_messages(self, channel: str, limit: int = 100) -> list[ChatLine]:
        return []

    async def get_top_talkers(self, channel: str, limit: int = 5) -> list[UserStats]:
        return []


class MemoryRoomStorage:
    """Keeps all of it as long as the process lives."""

    def __init__(self) -> None:
        self._lines: dict[str, ChatLine] = {}
        self._actions: dict[str, UserAction] = {}
        self._users: dict[tuple[str, str], UserStats] = {}
        self._channels: dict[str, ChannelStats] = {}

    async def connect(self) -> None:
        """Always there."""

    async def close(self) -> None:
        """Nothing to end."""

    async def save_message(self, message: Message) -> None:
        if message.pm or message.id in self._lines:
            return
        about = message.model_dump(include={"channel", "text", "sent_at", "own"})
        name = message.user.name
        self._lines[message.id] = ChatLine(message_id=message.id, username=name, **about)
        if not message.own:
            self._met(message.channel, name, message.sent_at).lines += 1
            self._channel(message.channel).lines += 1

    async def save_user_action(self, action: UserAction) -> None:
        if self._actions.setdefault(action.id, action) is action:
            self._met(action.channel, action.username, action.at)

    async def get_user_stats(self, channel: str, user: str) -> UserStats | None:
        found = self._users.get((channel, name_key(user)))
        return found and found.model_copy()

    async def update_channel_stats(self, channel: str, users: int, at: datetime) -> None:
        room = self._channel(channel)
        room.users, room.users_at = users, at
        if users > room.peak_users:
            room.peak_users, room.peak_at = users, at

    async def get_channel_stats(self, channel: str) -> ChannelStats | None:
        found = self._channels.get(channel)
        return found and found.model_copy()

    async def get_recent_messages(self, channel: str, limit: int = 100) -> list[ChatLine]:
        here = [line for line in self._lines.values() if line.channel == channel]
        return sorted(here, key=lambda line: line.sent_at)[-_at_most(limit) :]

    async def get_top_talkers(self, channel: str, limit: int = 5) -> list[UserStats]:
        here = [each for (room, _), each in self._users.items() if room == channel and each.lines]
        here.sort(key=lambda each: (-each.lines, name_key(each.username)))
        return [each.model_copy() for each in here[: _at_most(limit)]]

    def _met(self, channel: str, name: str, at: datetime) -> UserStats:
        fresh = UserStats(channel=channel, username=name)
        person = self._users.setdefault((channel, name_key(name)), fresh)
        person.username = name
        person.first_seen = min(person.first_seen or at, at)
        person.last_seen = max(person.last_seen or at, at)
        return person

    def _channel(self, channel: str) -> ChannelStats:
        return self._channels.setdefault(channel, ChannelStats(channel=channel))


class DatabaseRoomStorage:
    """The room's tables in a database, over the bus or in process."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def connect(self) -> None:
        """Raises StorageError when the room's tables cannot be asked."""
        await self._database.count("channels")

    async def close(self) -> None:
        """The database belongs to whoever gave it."""

    async def save_message(self, message: Message) -> None:
        if operations := said(message):
            await self._database.batch(operations)

    async def save_user_action(self, action: UserAction) -> None:
        there = met(action.id, action.channel, action.username, action.at)
        await self._database.batch([did(action), there])

    async def get_user_stats(self, channel: str, user: str) -> UserStats | None:
        who = {"channel": channel, "name_key": name_key(user)}
        rows = await self._database.select("users", who, limit=1)
        return UserStats.model_validate(rows[0]) if rows else None

    async def update_channel_stats(self, channel: str, users: int, at: datetime) -> None:
        await self._database.batch(counted(channel, users, at))

    async def get_channel_stats(self, channel: str) -> ChannelStats | None:
        rows = await self._database.select("channels", {"channel": channel}, limit=1)
        return ChannelStats.model_validate(rows[0]) if rows else None

    async def get_recent_messages(self, channel: str, limit: int = 100) -> list[ChatLine]:
        rows = await self._database.select(
            "chat", {"channel": channel}, order=("-sent_at", "-id"), limit=_at_most(limit)
        )
        return [ChatLine.model_validate(row) for row in reversed(rows)]

    async def get_top_talkers(self, channel: str, limit: int = 5) -> list[UserStats]:
        rows = await self._database.select(
            "users",
            {"channel": channel, "lines": {"$gt": 0}},
            order=("-lines", "name_key"),
            limit=_at_most(limit),
        )
        return [UserStats.model_validate(row) for row in rows]


def _at_most(limit: int) -> int:
    return max(1, min(limit, MOST_ROWS))
