"""Trivia's commands: each goes to the room's workflow, which knows the game."""

from rosey import Context, Outcome, Plugin

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


async def _ask(ctx: Context) -> Outcome:
    return await ctx.durable.deliver("Trivia", ctx.command, ctx.options)
