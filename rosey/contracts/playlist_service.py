"""The room's media queue for other plugins: the services of `playlist`, and a client for them.

A plugin that asks lists what it uses in its plugin.toml, as
`services = ["playlist.get_queue", "playlist.add_item"]`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
)

from rosey import ids
from rosey.channels import Channel
from rosey.events import PluginEvent
from rosey.names import LONGEST_NAME

if TYPE_CHECKING:
    from rosey.plugin import Answer, Context, Plugin

ITEM_STARTED = "playlist.item_started"
LONGEST_TEXT = 2_000
LONGEST_ID = 200
# Of what was played, as much as fits into one answer of the database.
MOST_PLAYED = 50

Reply = TypeVar("Reply", bound=BaseModel)
Hearing = TypeVar("Hearing", bound=Callable[..., Awaitable[Any]])


def _room(key: str) -> str:
    """Raises ValueError for what is no channel key."""
    return Channel.parse(key).key


ChannelKey = Annotated[str, AfterValidator(_room)]
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_NAME)
]


class MediaItem(BaseModel):
    """Something that plays or waits. `seconds` is 0 when unknown or live.

    `id` is the queue's own, and empty for what plays without anybody having asked Rosey for it.
    `parked`: its person is away, so it waits aside.
    """

    model_config = ConfigDict(extra="ignore")
    id: str = ""
    type: str
    media_id: str
    title: str = ""
    seconds: float = 0.0
    live: bool = False
    thumbnail: str = ""
    added_by: str = ""
    added_at: AwareDatetime | None = None
    parked: bool = False


class RoomAsked(BaseModel):
    model_config = ConfigDict(extra="ignore")
    channel: ChannelKey


class CurrentItem(BaseModel):
    """What plays; `item` is null when nothing does."""

    model_config = ConfigDict(extra="ignore")
    channel: str
    item: MediaItem | None = None
    started_at: AwareDatetime | None = None


class Queue(BaseModel):
    """What waits, in order. `items` are all of `count`, or the first that fit into an answer.

    `seconds` is how long all of them last, as far as it is known.
    """

    model_config = ConfigDict(extra="ignore")
    channel: str
    items: list[MediaItem] = []
    count: int = 0
    seconds: float = 0.0


class AddItem(BaseModel):
    """As if `user` had typed `!add <text>`. The same `id` adds once, for 15 minutes.

    `rank` is that of a guest at most: nobody vouches here for who asks.
    """

    model_config = ConfigDict(extra="ignore")
    channel: ChannelKey
    text: str = Field(min_length=1, max_length=LONGEST_TEXT, description="a link or a title")
    user: Name
    rank: float = Field(default=0.0, allow_inf_nan=False)
    id: str = Field(default="", max_length=LONGEST_ID, description="without one each is its own")


class Added(BaseModel):
    """It is being looked up; the room hears what came of it, as for `!add`."""

    model_config = ConfigDict(extra="ignore")
    channel: str
    id: str


class HistoryAsked(BaseModel):
    model_config = ConfigDict(extra="ignore")
    channel: ChannelKey
    limit: int = Field(default=20, ge=1, le=MOST_PLAYED)


class UserHistoryAsked(BaseModel):
    """In all rooms unless one is named."""

    model_config = ConfigDict(extra="ignore")
    user: Name = Field(description="whatever the case of the letters")
    channel: ChannelKey | None = None
    limit: int = Field(default=20, ge=1, le=MOST_PLAYED)


class PlayedItem(BaseModel):
    """Something that has been on; `seconds` is its length, `watched` what really played."""

    model_config = ConfigDict(extra="ignore", from_attributes=True)
    channel: str
    type: str
    media_id: str
    title: str = ""
    seconds: float = 0.0
    added_by: str = ""
    played_at: AwareDatetime
    watched: float = 0.0
    skipped: bool = False


class History(BaseModel):
    """The newest first."""

    model_config = ConfigDict(extra="ignore")
    items: list[PlayedItem] = []


class MediaChange(BaseModel):
    """Something else plays. Told again after a crash, it has the same `id`."""

    model_config = ConfigDict(extra="ignore")
    id: str
    channel: str
    item: MediaItem
    at: AwareDatetime


class PlaylistService:
    """Asks the playlist of a room: that of the command unless another is named.

    Its questions raise ServiceError for what is refused, ServiceAway when nobody answers.
    """

    def __init__(self, ctx: Context, channel: str = "") -> None:
        self._ctx = ctx
        self._channel = channel or ctx.channel

    async def get_current_item(self) -> MediaItem | None:
        """What plays; None when nothing does."""
        asked = RoomAsked(channel=self._channel)
        return (await self._call("get_current_item", asked, CurrentItem)).item

    async def get_queue(self) -> list[MediaItem]:
        """What waits, in the order of `!queue`."""
        return (await self._call("get_queue", RoomAsked(channel=self._channel), Queue)).items

    async def add_item(self, text: str, user: str, rank: float = 0.0, id: str = "") -> Added:
        """Adds as `!add` would for that person, whose limits hold; a refusal says which.

        Once for one command, even if that is worked on again, and once for an `id` of your own.
        Raises ValueError for what can be no text or name.
        """
        given = self._ctx.command
        wish = (given.plugin, id) if id else (given.id, self._channel, user, text)
        asked = AddItem(
            channel=self._channel, text=text, user=user, rank=rank, id=ids.derive("s", *wish)
        )
        return await self._call("add_item", asked, Added)

    async def get_history(self, limit: int = 20) -> list[PlayedItem]:
        """What was on in the room, the newest first; at most 50."""
        asked = HistoryAsked(channel=self._channel, limit=limit)
        return (await self._call("get_history", asked, History)).items

    async def get_user_history(
        self, user: str, limit: int = 20, *, everywhere: bool = False
    ) -> list[PlayedItem]:
        """What was on of a person's in the room or in all, the newest first; at most 50."""
        channel = None if everywhere else self._channel
        asked = UserHistoryAsked(user=user, channel=channel, limit=limit)
        return (await self._call("get_user_history", asked, History)).items

    @staticmethod
    def on_media_change(plugin: Plugin) -> Callable[[Hearing], Hearing]:
        """Makes a function of ctx and a MediaChange hear each start of something else, once.

        What it answers is said. plugin.toml must list `rosey.plugins.playlist.item_started` under
        hears.
        """

        def register(handler: Hearing) -> Hearing:
            @plugin.on_plugin(ITEM_STARTED)
            @wraps(handler)
            async def started(ctx: Context, event: PluginEvent) -> Answer:
                about = event.model_dump(include={"id", "channel", "at"})
                change = MediaChange.model_validate(about | {"item": event.data["item"]})
                answer: Answer = await handler(ctx, change)
                return answer

            return handler

        return register

    async def _call(self, method: str, request: BaseModel, reply: type[Reply]) -> Reply:
        return await self._ctx.services.call(f"playlist.{method}", request, reply)
