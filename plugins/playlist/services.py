"""What other plugins may ask the playlist; the models and a client are in the contract."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from plugins.playlist import history as past
from rosey import Context, Plugin, Rank, Refused, ids
from rosey.contracts.playlist_service import (
    Added,
    AddItem,
    CurrentItem,
    History,
    HistoryAsked,
    MediaItem,
    PlayedItem,
    Queue,
    RoomAsked,
    UserHistoryAsked,
)
from rosey.events import User
from rosey.services import ServiceCode, ServiceError
from rosey.storage import StorageError
from workflows.playlist.models import NowState, Playing, QueueState

# Seconds; a little less than whoever asks waits, so that he hears why.
PATIENCE = 4.0
# Bytes of items in an answer, which has to fit into one message.
MOST_BYTES = 400 * 1024


def offer(plugin: Plugin) -> None:
    """The playlist offers these too."""
    for service in (get_current_item, get_queue, add_item, get_history, get_user_history):
        plugin.service(service)


async def get_current_item(ctx: Context, asked: RoomAsked) -> CurrentItem:
    """What plays in a room."""
    here = ctx.in_room(asked.channel)
    async with _in_time():
        found = await here.durable.ask("Playlist", "now", here.command, NowState)
    on = found.playing if found else None
    if on is None:
        return CurrentItem(channel=asked.channel)
    return CurrentItem(channel=asked.channel, item=_item_of(on), started_at=on.started_at)


async def get_queue(ctx: Context, asked: RoomAsked) -> Queue:
    """What waits in a room, in order."""
    here = ctx.in_room(asked.channel)
    async with _in_time():
        found = await here.durable.ask("Playlist", "queue", here.command, QueueState)
    if found is None:
        return Queue(channel=asked.channel)
    items = [MediaItem.model_validate(item.model_dump()) for item in found.items]
    return Queue(
        channel=asked.channel,
        items=_fitting(items),
        count=len(items),
        seconds=found.seconds,
    )


async def add_item(ctx: Context, wish: AddItem) -> Added:
    """As `!add` by that person; whoever asks is trusted with no more than a guest may."""
    here = ctx.in_room(wish.channel)
    given = here.command
    # Apart from the ids of commands, and from those of other rooms.
    id = wish.id or given.id
    command = given.model_copy(
        update={
            "id": ids.derive("s", "add", wish.channel, id),
            "action": "add",
            "user": User(name=wish.user, rank=min(wish.rank, Rank.GUEST.value)),
            "text": wish.text,
        }
    )
    async with _in_time():
        outcome = await here.durable.deliver("Playlist", command, here.options)
    # What is taken is answered in the room once it was looked up.
    refusal = outcome.error or " ".join(outcome.say)
    if refusal:
        raise Refused(refusal)
    return Added(channel=wish.channel, id=id)


async def get_history(ctx: Context, asked: HistoryAsked) -> History:
    """What was on in a room."""
    async with _in_time():
        return _history(await past.get_history(ctx.db, asked.channel, asked.limit))


async def get_user_history(ctx: Context, asked: UserHistoryAsked) -> History:
    """What was on of a person's, in one room or all."""
    channel = asked.channel or ""
    async with _in_time():
        return _history(await past.get_user_history(ctx.db, asked.user, asked.limit, channel))


def _item_of(on: Playing) -> MediaItem:
    if on.entry:
        return MediaItem.model_validate(on.entry.model_dump())
    return MediaItem(
        type=on.type, media_id=on.media_id, title=on.title, seconds=on.seconds, added_by=on.by
    )


def _fitting(items: list[MediaItem]) -> list[MediaItem]:
    """The first ones, as many as fit into an answer."""
    left = MOST_BYTES
    for count, item in enumerate(items):
        left -= len(item.model_dump_json().encode()) + 1
        if left < 0:
            return items[:count]
    return items


def _history(played: list[past.Played]) -> History:
    return History(items=[PlayedItem.model_validate(each) for each in played])


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    """Raises ServiceError when the queue or the database does not answer soon."""
    try:
        async with asyncio.timeout(PATIENCE):
            yield
    except TimeoutError as problem:
        late = "The playlist does not get its answer in time; try again in a while."
        raise ServiceError(ServiceCode.TIMEOUT, late) from problem
    except StorageError as problem:
        away = f"The playlist's database does not answer: {problem}"
        raise ServiceError(ServiceCode.UNAVAILABLE, away) from problem
