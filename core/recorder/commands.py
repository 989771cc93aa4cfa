"""!stats, !seen and !top, answered from the database."""

from collections.abc import Awaitable, Callable
from functools import wraps

from core.plugins import ROOM
from core.recorder import texts
from rosey import clock
from rosey.plugin import Context, Plugin, Refused
from rosey.storage import Unavailable
from rosey.storage.room import DatabaseRoomStorage

TOP = 5

plugin = Plugin(ROOM.name)
Look = Callable[[Context], Awaitable[str]]


def from_the_database(look: Look) -> Look:
    """Says so when it is away."""

    @wraps(look)
    async def handler(ctx: Context) -> str:
        try:
            return await look(ctx)
        except Unavailable:
            raise Refused(texts.AWAY) from None

    return handler


@plugin.command("stats", usage="[user]")
@from_the_database
async def stats(ctx: Context) -> str:
    """Lines and time of somebody here, or your own."""
    name = _named(ctx) or ctx.user.name
    person = await DatabaseRoomStorage(ctx.db).get_user_stats(ctx.channel, name)
    return texts.stats(person, clock.now()) if person else texts.unknown(name)


@plugin.command("seen", usage="<user>")
@from_the_database
async def seen(ctx: Context) -> str:
    """When somebody was here last."""
    name = _named(ctx)
    if not name:
        raise Refused(texts.whom(ctx.command.prefix))
    person = await DatabaseRoomStorage(ctx.db).get_user_stats(ctx.channel, name)
    return texts.seen(person, clock.now()) if person else texts.unknown(name)


@plugin.command("top")
@from_the_database
async def top(ctx: Context) -> str:
    """Who says most here, and how full it was."""
    storage = DatabaseRoomStorage(ctx.db)
    talkers = await storage.get_top_talkers(ctx.channel, TOP)
    return texts.top(talkers, await storage.get_channel_stats(ctx.channel))


def _named(ctx: Context) -> str:
    """The first word, as typed or with an @ before it."""
    words = ctx.text.split()
    return words[0].removeprefix("@") if words else ""
