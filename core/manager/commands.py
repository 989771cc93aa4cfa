"""!plugin and !set in a room. The bare words; the manager does it."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec

from core.errors import UserError
from core.manager import texts
from core.manager.manager import Manager
from core.plugins import ROOM
from rosey import Context, Plugin, Rank, Refused, Rest

Typed = ParamSpec("Typed")
Does = Callable[Typed, Awaitable[str]]


def refusing(handler: Does[Typed]) -> Does[Typed]:
    """What the manager cannot do is told in its own words."""

    @wraps(handler)
    async def run(*typed: Typed.args, **named: Typed.kwargs) -> str:
        try:
            return await handler(*typed, **named)
        except UserError as problem:
            raise Refused(str(problem)) from problem

    return run


def commands(manager: Manager) -> Plugin:
    """The room's own commands about plugins."""
    plugin = Plugin(ROOM.name)
    _looking(plugin, manager)
    _changing(plugin, manager)
    _setting(plugin, manager)
    return plugin


def _looking(plugin: Plugin, manager: Manager) -> None:
    @plugin.command("plugin list", action="plugin_list", rank=Rank.MODERATOR)
    @refusing
    async def plugin_list(ctx: Context) -> str:
        """Which plugins there are, and which are off here."""
        return await manager.listed(ctx.channel)

    @plugin.command("plugin show", action="plugin_show", rank=Rank.MODERATOR)
    @refusing
    async def plugin_show(ctx: Context, name: str) -> str:
        """What a plugin is."""
        return await manager.show(name, ctx.channel, ctx.command.prefix)

    @plugin.command("plugin status", action="plugin_status", rank=Rank.ADMIN)
    @refusing
    async def plugin_status(ctx: Context) -> str:
        """Whether the plugins run."""
        return manager.status()


def _changing(plugin: Plugin, manager: Manager) -> None:
    @plugin.command("plugin enable", action="plugin_enable", rank=Rank.ADMIN)
    @refusing
    async def plugin_enable(ctx: Context, name: str) -> str:
        """Switch a plugin on in this room."""
        return await manager.switch(name, ctx.channel, True, ctx.user.name)

    @plugin.command("plugin disable", action="plugin_disable", rank=Rank.ADMIN)
    @refusing
    async def plugin_disable(ctx: Context, name: str) -> str:
        """Switch a plugin off in this room."""
        return await manager.switch(name, ctx.channel, False, ctx.user.name)

    @plugin.command("plugin reload", action="plugin_reload", rank=Rank.ADMIN)
    @refusing
    async def plugin_reload(ctx: Context, name: str) -> str:
        """Load a plugin's code anew without a gap, for every room."""
        return await manager.reload(name)


def _setting(plugin: Plugin, manager: Manager) -> None:
    @plugin.command("set", usage="<plugin>[.<option> [value | default]]", rank=Rank.ADMIN)
    @refusing
    async def set_option(ctx: Context, what: str, value: Rest = "") -> str:
        """See and change a plugin's settings in this room."""
        name, dot, option = what.partition(".")
        given = value.removeprefix("=").strip()
        prefix = ctx.command.prefix
        if dot and option:
            if given:
                return await manager.set(name, option, given, ctx.channel, ctx.user.name)
            return await manager.setting(name, option, ctx.channel, prefix)
        if given:
            manager.named(name)
            raise Refused(texts.WITH_A_DOT.format(prefix=prefix, plugin=name, option=given))
        return await manager.settings(name, ctx.channel, prefix)
