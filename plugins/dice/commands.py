"""Dice and coins: the plugin to copy. A command is a function that returns what to say."""

from plugins.dice import rules
from rosey import Context, Plugin, Refused

plugin = Plugin("dice")


@plugin.command("roll", "dice", usage="[notation]")
async def roll(ctx: Context) -> str:
    """Roll dice: 2d6+3, d20, 4d6kh3, adv or dis."""
    try:
        notation = rules.parse(ctx.text or "d6")
    except rules.NotationError as problem:
        raise Refused(str(problem)) from problem
    rolled = rules.roll(notation, ctx.random)
    ctx.event("roll_performed", count=notation.count, sides=notation.sides, total=rolled.total)
    return rules.show(rolled)


@plugin.command("flip", "coin")
async def flip(ctx: Context) -> str:
    """Flip a coin."""
    return rules.flip(ctx.random)
