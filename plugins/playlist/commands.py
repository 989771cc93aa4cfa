"""The playlist's commands: the room's workflow knows the queue, the database what was before."""

from typing import Any

from rosey import Context, Outcome, Plugin, Rank

EMPTY = "The queue is empty. Add something with {prefix}add."
NOTHING = "Nothing is playing."

plugin = Plugin("playlist")


@plugin.command("add", usage="<link or title> [next]")
async def add(ctx: Context) -> Outcome:
    """Add something to the queue; with next at the end, moderators put it first."""
    return await _order(ctx)


@plugin.command("queue", usage="[page]")
async def queue(ctx: Context) -> Outcome:
    """Show what plays and what comes next."""
    return await _look(ctx, EMPTY.format(prefix=ctx.command.prefix))


@plugin.command("now", "np")
async def now(ctx: Context) -> Outcome:
    """Show what is playing."""
    return await _look(ctx, NOTHING)


@plugin.command("when", usage="[number]")
async def when(ctx: Context) -> Outcome:
    """Show when an item will play; without a number, the next of yours."""
    return await _look(ctx, EMPTY.format(prefix=ctx.command.prefix))


@plugin.command("skip")
async def skip(ctx: Context) -> Outcome:
    """Skip what plays: moderators, and people what they added themselves."""
    return await _order(ctx)


@plugin.command("voteskip", action="vote")
async def vote(ctx: Context) -> Outcome:
    """Vote to skip what plays."""
    return await _order(ctx)


@plugin.command("remove", usage="[number]")
async def remove(ctx: Context) -> Outcome:
    """Take your item out of the queue, the last one without a number."""
    return await _order(ctx)


@plugin.command("move", usage="<number> <to>", rank=Rank.MODERATOR)
async def move(ctx: Context) -> Outcome:
    """Put an item elsewhere in the queue."""
    return await _order(ctx)


@plugin.command("shuffle", rank=Rank.MODERATOR)
async def shuffle(ctx: Context) -> Outcome:
    """Shuffle the queue."""
    return await _order(ctx)


@plugin.command("clear", rank=Rank.MODERATOR)
async def clear(ctx: Context) -> Outcome:
    """Empty the queue; what plays goes on."""
    return await _order(ctx)


@plugin.command("playlist restore", action="restore", rank=Rank.MODERATOR)
async def restore(ctx: Context) -> Outcome:
    """Put back what the room has lost."""
    return await _order(ctx)


@plugin.command("playlist forget", action="forget", rank=Rank.MODERATOR)
async def forget(ctx: Context) -> Outcome:
    """Let go what the room has lost."""
    return await _order(ctx)


@plugin.on("playlist.change")
@plugin.on("media.change")
@plugin.on("media.end")
@plugin.on("connection.up")
@plugin.on("connection.down")
@plugin.on("user.join")
@plugin.on("user.leave")
@plugin.on("user.update")
@plugin.on("sent")
@plugin.on("refused")
async def heard(ctx: Context, event: Any) -> Outcome:
    """What happens in the room is the queue's business."""
    return await _order(ctx)


async def _order(ctx: Context) -> Outcome:
    return await ctx.durable.deliver("Playlist", ctx.command, ctx.options)


async def _look(ctx: Context, nothing: str) -> Outcome:
    found = await ctx.durable.ask("Playlist", "read", ctx.command)
    return found or Outcome(say=[nothing])
