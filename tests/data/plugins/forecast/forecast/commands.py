"""The commands."""

from forecast.sky import SKIES
from rosey import Context, Plugin, Rest

plugin = Plugin("forecast")


@plugin.command("forecast")
async def forecast(ctx: Context, town: Rest = "here") -> str:
    """Forecast the weather of a town."""
    await ctx.db.insert("asked", {"town": town})
    return f"{town}: {ctx.random.choice(SKIES)}, says 1.0.0"


@plugin.command("forecast asked", action="asked")
async def asked(ctx: Context) -> str:
    """Say how often somebody asked."""
    return f"asked {len(await ctx.db.select('asked'))} times"
