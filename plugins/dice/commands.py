"""Dice and coins: the plugin to copy. A command is a function that returns what to say."""

from pydantic import BaseModel, Field

from plugins.dice import rules
from rosey import Context, Plugin, Refused, Rest

plugin = Plugin("dice")


class RollRequest(BaseModel):
    """Dice notation, as after `!roll`."""

    notation: str = Field(default="d6", max_length=200)


class RollReply(BaseModel):
    """All dice and those that count, in the order they fell."""

    rolls: list[int]
    kept: list[int]
    total: int


@plugin.command("roll", "dice")
async def roll_in_the_room(ctx: Context, notation: Rest = "d6") -> str:
    """Roll dice: 2d6+3, d20, 4d6kh3, adv or dis."""
    try:
        dice = rules.parse(notation)
    except rules.NotationError as problem:
        raise Refused(ctx.phrase(problem.code, **problem.values)) from problem
    rolled = rules.roll(dice, ctx.random)
    ctx.event("roll_performed", count=dice.count, sides=dice.sides, total=rolled.total)
    return rules.show(rolled)


@plugin.command("flip", "coin")
async def flip(ctx: Context) -> str:
    """Flip a coin."""
    return rules.flip(ctx.random, ctx.phrase)


@plugin.service
async def roll(ctx: Context, request: RollRequest) -> RollReply:
    """Roll dice for another plugin, up to a hundred of them."""
    try:
        dice = rules.parse(request.notation, rules.TOOL_LIMITS)
    except rules.NotationError as problem:
        raise Refused(problem.message) from problem
    rolled = rules.roll(dice, ctx.random)
    return RollReply(rolls=list(rolled.rolls), kept=list(rolled.kept), total=rolled.total)
