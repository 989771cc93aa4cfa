"""Dice and coins: the plugin to copy. A command is a function that returns what to say."""

from plugins.dice import rules
from rosey import Context, Plugin, Refused, Rest

plugin = Plugin("dice")


@plugin.command("roll", "dice")
async def roll(ctx: Context, notation: Rest = "d6") -> str:
    """Roll dice: 2d6+3, d20, 4d6kh3, adv or dis."""
    try:
        dice = rules.parse(notation)
    except rules.NotationError as problem:
        raise Refused(str(problem)) from problem
    rolled = rules.roll(dice, ctx.random)
    ctx.event("roll_performed", count=dice.count, sides=dice.sides, total=rolled.total)
    return rules.show(rolled)


@plugin.command("flip", "coin")
async def flip(ctx: Context) -> str:
    """Flip a coin."""
    return rules.flip(ctx.random)
