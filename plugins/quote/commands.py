"""Quote's commands: what people in the room have said, kept in the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel

from plugins.quote import files, rules, texts, transfer
from plugins.quote.rules import NoQuote, Quote
from plugins.quote.shelf import Shelf
from rosey import Context, Outcome, Plugin, Rank, Refused, User, ids
from rosey.contracts.memory import LAST_LINE, LastLine, LastLineAsked
from rosey.names import LONGEST_NAME
from rosey.services import ServiceError
from rosey.storage import Unavailable
from rosey.texts import LanguageIn

plugin = Plugin("quote")


class Settings(BaseModel):
    """In which language quotes are spoken of."""

    language: Annotated[str, LanguageIn(Path(__file__).with_name("texts"))] = "en"


@contextmanager
def quotes_of(ctx: Context) -> Iterator[Shelf]:
    """The room's quotes; what goes wrong with them becomes a sentence for the room."""
    try:
        yield Shelf(ctx.db, ctx.channel)
    except Unavailable as problem:
        raise Refused(ctx.phrase("away")) from problem
    except NoQuote as problem:
        why = problem.told(ctx.phrase)
        raise Refused(ctx.phrase("no_quote", why=why, prefix=ctx.command.prefix)) from problem
    except files.NoFile as problem:
        raise Refused(problem.told(ctx.phrase)) from problem


@plugin.command("quote", usage="[number]")
async def quote(ctx: Context) -> str:
    """Show any quote, or the one of that number; also: add, search, top, last, upvote, delete."""
    if not ctx.text.strip():
        return await _any(ctx)
    id = rules.id_of(ctx.text)
    if id is None:
        raise Refused(texts.usage(ctx.phrase, ctx.text.split()[0], ctx.command.prefix))
    return await _one(ctx, id)


@plugin.command("quote add", usage="<text> [-- author]")
async def add(ctx: Context) -> str:
    """Keep what was said, and after -- by whom."""
    with quotes_of(ctx) as shelf:
        text, author = rules.typed(ctx.text)
        return await _keep(ctx, shelf, text, author)


@plugin.command("quote last", usage="<user>")
async def last(ctx: Context, user: User) -> str:
    """Keep the last thing that somebody said here."""
    with quotes_of(ctx) as shelf:
        line = await _last_line(ctx, user.name)
        if line.text is None:
            raise Refused(texts.no_line(ctx.phrase, user.name))
        text, author = rules.text_of(line.text), rules.author_of(line.username)
        return await _keep(ctx, shelf, text, author)


@plugin.command("quote get", usage="<number>")
async def get(ctx: Context) -> str:
    """Show the quote of that number."""
    return await _one(ctx, _id(ctx, "get"))


@plugin.command("quote random")
async def random(ctx: Context) -> str:
    """Show any quote."""
    return await _any(ctx)


@plugin.command("quote search", usage="<text> [page 2]")
async def search(ctx: Context) -> Outcome:
    """Find quotes by what was said or by whom, the newest first."""
    wanted, page = rules.search_of(ctx.text)
    if not wanted:
        raise Refused(ctx.phrase("no_search", prefix=ctx.command.prefix))
    with quotes_of(ctx) as shelf:
        found, count = await shelf.search(wanted, rules.SHOWN, (page - 1) * rules.SHOWN)
    if not count:
        return Outcome(say=[texts.not_found(ctx.phrase, wanted)])
    pages = -(-count // rules.SHOWN)
    if not found:
        return Outcome(say=[texts.no_page(ctx.phrase, count, wanted, pages, ctx.command.prefix)])
    lines = texts.found(ctx.phrase, found, count, wanted, page, pages)
    if page < pages:
        lines.append(texts.more(ctx.phrase, wanted, page + 1, ctx.command.prefix))
    return Outcome(say=lines)


@plugin.command("quote top", usage="[how many]")
async def top(ctx: Context) -> Outcome:
    """Show the quotes with the most votes, the first 10 or up to 100."""
    limit = rules.how_many(ctx.text)
    if limit is None:
        raise Refused(ctx.phrase("how_many", most=rules.MOST_SHOWN, prefix=ctx.command.prefix))
    with quotes_of(ctx) as shelf:
        best = await shelf.top(limit)
    if not best:
        return Outcome(say=[ctx.phrase("no_top", prefix=ctx.command.prefix)])
    lines = texts.top(ctx.phrase, best)
    if len(best) <= rules.SHOWN or ctx.command.pm:
        return Outcome(say=lines)
    for line in lines:
        ctx.pm(ctx.user, line)
    return Outcome(say=[texts.in_private(ctx.phrase, len(best))])


@plugin.command("quote upvote", "quote vote", usage="<number>")
async def upvote(ctx: Context) -> str:
    """Vote for a quote, once."""
    id = _id(ctx, "upvote")
    with quotes_of(ctx) as shelf:
        try:
            is_new = await shelf.upvote(id, ctx.user, _key(ctx))
        except KeyError:
            raise Refused(ctx.phrase("unknown", id=id)) from None
        if not is_new:
            raise Refused(ctx.phrase("voted_before", id=id))
        voted = await shelf.get(id)
    if voted is None:  # deleted in the moment between
        raise Refused(ctx.phrase("unknown", id=id))
    ctx.event("upvoted", id=id, score=voted.score)
    return texts.upvoted(ctx.phrase, voted)


@plugin.command("quote delete", usage="<number>")
async def delete(ctx: Context) -> str:
    """Delete a quote (who added it, or a moderator)."""
    id = _id(ctx, "delete")
    with quotes_of(ctx) as shelf:
        only_of = None if ctx.user.rank >= Rank.MODERATOR else ctx.user
        try:
            gone = await shelf.delete(id, _key(ctx), only_of)
        except PermissionError:
            raise Refused(ctx.phrase("not_yours", id=id)) from None
    if gone is None:
        raise Refused(ctx.phrase("unknown", id=id))
    ctx.event("deleted", id=id)
    return ctx.phrase("deleted", id=id)


@plugin.command("quote stats")
async def stats(ctx: Context) -> str:
    """How many quotes there are here, and of whom most."""
    with quotes_of(ctx) as shelf:
        return texts.stats(ctx.phrase, await shelf.numbers())


@plugin.command("quote export", usage="[json|csv]", rank=Rank.MODERATOR)
async def export(ctx: Context) -> str:
    """Write all quotes of this room into a file."""
    with quotes_of(ctx) as shelf:
        count, path = await transfer.export(shelf, ctx.channel, ctx.folder, ctx.text)
    return texts.exported(ctx.phrase, count, path)


@plugin.command("quote import", usage="<file>", rank=Rank.MODERATOR)
async def import_(ctx: Context) -> str:
    """Add the quotes of a file in my folder; what is here already is left out."""
    with quotes_of(ctx) as shelf:
        done = await transfer.bring_in(shelf, ctx.command, ctx.folder)
    ctx.event("imported", added=done.added, skipped=done.skipped, refused=len(done.refused))
    return texts.imported(ctx.phrase, done)


async def _any(ctx: Context) -> str:
    with quotes_of(ctx) as shelf:
        found = await shelf.any(ctx.random)
    if found is None:
        return ctx.phrase("nothing_yet", prefix=ctx.command.prefix)
    return texts.show(ctx.phrase, found)


async def _one(ctx: Context, id: int) -> str:
    with quotes_of(ctx) as shelf:
        found = await shelf.get(id)
    if found is None:
        raise Refused(ctx.phrase("unknown", id=id))
    return texts.show(ctx.phrase, found)


async def _keep(ctx: Context, shelf: Shelf, text: str, author: str) -> str:
    added = Quote(text, author, ctx.user.name[:LONGEST_NAME], ctx.command.sent_at)
    id = await shelf.add_one(added, _key(ctx))
    ctx.event("added", id=id)
    return texts.added(ctx.phrase, added, id, ctx.command.prefix)


async def _last_line(ctx: Context, user: str) -> LastLine:
    """A private command is in no log, so nothing of what is there was said after it."""
    before = None if ctx.command.pm else ctx.command.sent_at
    asked = LastLineAsked(channel=ctx.channel, user=user, before=before, prefix=ctx.command.prefix)
    try:
        return await ctx.services.call(LAST_LINE, asked, LastLine)
    except ServiceError as problem:
        raise Refused(ctx.phrase("no_memory")) from problem


def _id(ctx: Context, action: str) -> int:
    id = rules.id_of(ctx.text)
    if id is None:
        raise Refused(ctx.phrase("no_number", action=action, prefix=ctx.command.prefix))
    return id


def _key(ctx: Context) -> str:
    """A command that comes again changes nothing more."""
    return ids.numbered(ctx.command.id, 0)
