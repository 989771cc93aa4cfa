"""Trivia's commands: the room's workflow knows the game, the database what was before."""

import re

from plugins.trivia import texts
from rosey import Context, Outcome, Plugin, Refused
from rosey.names import name_key
from rosey.storage import Unavailable

SHOWN = 5
MOST_SHOWN = 10

plugin = Plugin("trivia")


@plugin.command("trivia start", usage="[questions] [category]")
async def start(ctx: Context) -> Outcome:
    """Start a game, for example: !trivia start 5 film"""
    return await _ask(ctx)


@plugin.command("a", action="answer", usage="<answer>")
async def answer(ctx: Context) -> Outcome:
    """Answer the open question; typing just the answer works too."""
    return await _ask(ctx)


@plugin.command("trivia hint")
async def hint(ctx: Context) -> Outcome:
    """Unveil some letters of the answer."""
    return await _ask(ctx)


@plugin.command("trivia skip")
async def skip(ctx: Context) -> Outcome:
    """Go on to the next question (who started the game, or a moderator)."""
    return await _ask(ctx)


@plugin.command("trivia stop")
async def stop(ctx: Context) -> Outcome:
    """End the game (who started it, or a moderator)."""
    return await _ask(ctx)


@plugin.command("trivia scores")
async def scores(ctx: Context) -> Outcome:
    """Show the table."""
    return await _ask(ctx)


@plugin.command("trivia stats", usage="[user]")
async def stats(ctx: Context) -> str:
    """Show what somebody has done in this room's games so far; you, without a name."""
    name = ctx.text.strip().removeprefix("@") or ctx.user.name
    who = {"channel": ctx.channel, "name_key": name_key(name)}
    try:
        found = await ctx.db.select("players", who, limit=1)
    except Unavailable as problem:
        raise Refused(texts.AWAY) from problem
    if not found:
        return texts.stranger(name, name_key(name) == name_key(ctx.user.name), ctx.command.prefix)
    return texts.statistics(found[0])


@plugin.command("trivia leaderboard", "trivia lb", usage="[how many]")
async def leaderboard(ctx: Context) -> str:
    """Show who has the most points in this room, the first 5 or up to 10."""
    scored = {"channel": ctx.channel, "score": {"$gt": 0}}
    shown = _how_many(ctx)
    try:
        best = await ctx.db.select(
            "players", scored, order=["-score", "-correct", "name_key"], limit=shown
        )
    except Unavailable as problem:
        raise Refused(texts.AWAY) from problem
    return texts.leaderboard(best, ctx.command.prefix)


def _how_many(ctx: Context) -> int:
    wish = ctx.text.strip()
    if not wish:
        return SHOWN
    if not re.fullmatch("[0-9]{1,9}", wish):
        raise Refused(texts.how_many(MOST_SHOWN, ctx.command.prefix))
    return min(MOST_SHOWN, max(1, int(wish)))


async def _ask(ctx: Context) -> Outcome:
    return await ctx.durable.deliver("Trivia", ctx.command, ctx.options)
