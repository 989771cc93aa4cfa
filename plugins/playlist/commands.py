"""The playlist's commands: the room's workflow knows the queue, the database what was before."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from plugins.playlist import history as past
from plugins.playlist import list_files, services
from plugins.playlist.lists import Lists
from rosey import Context, Outcome, Plugin, Rank, Refused
from rosey.media import Link, NoLink, read_link
from rosey.storage import StorageError, Unavailable
from rosey.storage.saved_lists import Entry, NoList, list_name
from workflows.playlist.models import SETTINGS, NowState, QueueState

EMPTY = "The queue is empty. Add something with {prefix}add."
NOTHING = "Nothing is playing."
NOTHING_YET = "Nothing has been played here yet."
AWAY = "I cannot look that up just now: the database is away. The queue goes on; try again later."

plugin = Plugin("playlist")
services.offer(plugin)


# -- the queue ---------------------------------------------------------------------------------


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


@plugin.command("find", usage="<words>")
async def find(ctx: Context) -> Outcome:
    """Find items in the queue by title or person."""
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


# -- what was ----------------------------------------------------------------------------------


@plugin.command("history")
async def history(ctx: Context) -> str:
    """Show what was played last."""
    with _database():
        played = await past.get_history(ctx.db, ctx.channel, past.SHOWN)
    return past.history_line(played, ctx.command.prefix)


@plugin.command("mystats")
async def mystats(ctx: Context) -> str:
    """Show what you have added here and what became of it."""
    with _database():
        found = await past.get_statistics(ctx.db, ctx.channel, ctx.user.name)
    return past.mystats_line(ctx.user.name, found, ctx.command.prefix)


@plugin.command("again")
async def again(ctx: Context) -> Outcome:
    """Queue once more what was on last."""
    with _database():
        played = await past.get_history(ctx.db, ctx.channel, 1)
    if not played:
        raise Refused(NOTHING_YET)
    last = played[0]
    return await _load(ctx, [Entry(last.type, last.media_id, last.title, last.seconds)])


# -- saved lists -------------------------------------------------------------------------------


@plugin.command("playlist save", action="save", usage="<name>", rank=Rank.MODERATOR)
async def save(ctx: Context) -> str:
    """Keep what plays and what waits as a list of that name."""
    found = await ctx.durable.ask("Playlist", "queue", ctx.command, QueueState)
    on = await ctx.durable.ask("Playlist", "now", ctx.command, NowState)
    playing = [on.playing.entry] if on and on.playing and on.playing.entry else []
    entries = [Entry.of(item) for item in [*playing, *(found.items if found else [])]]
    with _database():
        name = list_name(ctx.text)
        await _save(ctx, name, entries)
    return f"💾 Saved {len(entries)} items as {name}. {ctx.command.prefix}playlist load {name}"


@plugin.command("playlist load", action="load", usage="<name>", rank=Rank.MODERATOR)
async def load(ctx: Context) -> Outcome:
    """Add a saved list to the queue."""
    with _database():
        entries = await _saved(ctx, list_name(ctx.text))
    return await _load(ctx, entries)


@plugin.command("playlist lists", action="lists")
async def lists(ctx: Context) -> str:
    """Show the saved lists."""
    with _database():
        found = await Lists(ctx.db, ctx.channel).all()
    if not found:
        return f"There are no saved lists. {ctx.command.prefix}playlist save <name> makes one."
    return "Saved lists: " + ", ".join(f"{each.name} ({each.items})" for each in found)


@plugin.command("playlist delete", action="delete", usage="<name>", rank=Rank.MODERATOR)
async def delete(ctx: Context) -> str:
    """Delete a saved list."""
    with _database():
        name = list_name(ctx.text)
        gone = await Lists(ctx.db, ctx.channel).delete(name, ctx.command.id)
    return f"🗑️ The list {name} is gone." if gone else f"There is no list {name}."


@plugin.command("playlist export", action="export", usage="<name> [json|txt]", rank=Rank.ADMIN)
async def export(ctx: Context) -> str:
    """Write a saved list to a file in the plugin's data folder."""
    name, _, wish = ctx.text.strip().partition(" ")
    with _database():
        entries = await _saved(ctx, list_name(name))
        format = list_files.format_of(f"list.{wish.strip().lower() or 'json'}")
        file = list_files.file_name(ctx.channel, list_name(name), format)
        data = (
            list_files.written(list_name(name), entries)
            if format == "json"
            else list_files.written_links(entries, lambda kind, id: Link(kind, id).url)
        )
        list_files.store(ctx.folder, file, data)
    return f"💾 {len(entries)} items are in {file}, in the plugin's data folder."


@plugin.command("playlist import", action="import", usage="<file> [name]", rank=Rank.ADMIN)
async def bring_in(ctx: Context) -> str:
    """Keep a file of the plugin's data folder as a list."""
    file, _, wish = ctx.text.strip().partition(" ")
    with _database():
        contents = list_files.read(list_files.fetch(ctx.folder, file), list_files.format_of(file))
        name = list_name(wish or contents.name or file.partition(".")[0].lower())
        entries, refused = _known(contents.items)
        await _save(ctx, name, entries)
    left_out = [*(str(each) for each in contents.refused), *refused]
    rest = f" {len(left_out)} left out: {left_out[0]}" if left_out else ""
    return f"💾 {len(entries)} items kept as {name}.{rest}"


async def _saved(ctx: Context, name: str) -> list[Entry]:
    """Raises NoList."""
    entries = await Lists(ctx.db, ctx.channel).load(name)
    if not entries:
        raise NoList(f"There is no list {name}. {ctx.command.prefix}playlist lists shows all.")
    return entries


async def _save(ctx: Context, name: str, entries: Sequence[Entry]) -> None:
    given = ctx.command
    await Lists(ctx.db, ctx.channel).save(
        name, entries, given.user.name, given.sent_at, given.id, only_own=False
    )


def _known(items: Sequence[Entry | str]) -> tuple[list[Entry], list[str]]:
    """Links become items; those that mean nothing are named."""
    known: list[Entry] = []
    refused: list[str] = []
    for item in items:
        link = read_link(item) if isinstance(item, str) else None
        if isinstance(item, Entry):
            known.append(item)
        elif isinstance(link, NoLink):
            refused.append(link.text)
        elif link:
            known.append(Entry(link.type, link.id))
    return known, refused


# -- shows -------------------------------------------------------------------------------------


@plugin.command("schedule", usage='["<name>" [every] <day> <clock> list <list>]')
async def schedule(ctx: Context) -> Outcome:
    """Show when which lists are shown; moderators schedule one: every friday 20:00 list horror."""
    return await _order(ctx)


@plugin.command("schedule cancel", action="schedule_cancel", usage="<name>", rank=Rank.MODERATOR)
async def schedule_cancel(ctx: Context) -> Outcome:
    """Cancel a show, also one that is about to begin."""
    return await _order(ctx)


@plugin.command("schedule now", action="schedule_now", usage="<name>", rank=Rank.MODERATOR)
async def schedule_now(ctx: Context) -> Outcome:
    """Begin a show at once."""
    return await _order(ctx)


# -- what happens in the room ------------------------------------------------------------------


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
async def heard(ctx: Context, event: Any) -> None:
    """What happens in the room is the queue's business, and nobody waits for an answer."""
    await _order(ctx)


# What each room's queue has been told of its settings by this process.
_told: dict[str, dict[str, object]] = {}


@plugin.every(seconds=3)
async def settings(ctx: Context) -> None:
    """What is set takes effect soon, though nobody says anything else."""
    if _told.get(ctx.channel) == ctx.options:
        return
    command = ctx.command.model_copy(update={"action": SETTINGS})
    if not (await ctx.durable.deliver("Playlist", command, ctx.options)).error:
        _told[ctx.channel] = ctx.options


async def _order(ctx: Context) -> Outcome:
    return await ctx.durable.deliver("Playlist", ctx.command, ctx.options)


async def _look(ctx: Context, nothing: str) -> Outcome:
    found = await ctx.durable.ask("Playlist", "read", ctx.command, Outcome)
    return found or Outcome(say=[nothing])


async def _load(ctx: Context, entries: Sequence[Entry]) -> Outcome:
    """Hands known items to the queue."""
    wish = {"items": [entry.media.model_dump(mode="json") for entry in entries]}
    command = ctx.command.model_copy(update={"action": "load", "event": wish})
    return await ctx.durable.deliver("Playlist", command, ctx.options)


@contextmanager
def _database() -> Iterator[None]:
    """What goes wrong with what is kept becomes a sentence for the room."""
    try:
        yield
    except Unavailable as problem:
        raise Refused(AWAY) from problem
    except (NoList, list_files.NoFile, StorageError) as problem:
        raise Refused(str(problem)) from problem
