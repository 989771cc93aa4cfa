"""What holds in a room: rosey.toml, and over it what people have set there. Pure."""

from pydantic import JsonValue

from core.config import Config
from rosey.settings import ELSEWHERE, InForce, SetHere, SetInRooms

FILE = "rosey.toml"
DEFAULT = "default"


def in_force(config: Config, plugin: str, chosen: SetInRooms) -> InForce:
    """A plugin's settings in every room that is joined or has its own, and elsewhere."""
    named = {key for key, channel in config.channels.items() if plugin in channel.plugins}
    named |= {connection.channel for connection in config.connections}
    rooms: dict[str, dict[str, JsonValue] | None] = {
        ELSEWHERE: config.plugin(ELSEWHERE, plugin),
        **{
            room: options(config, plugin, room, chosen)
            if is_on(config, plugin, room, chosen)
            else None
            for room in sorted(named | chosen.rooms.keys())
        },
    }
    return InForce(rooms={room: False if own is None else own for room, own in rooms.items()})


def is_on(config: Config, plugin: str, channel: str, chosen: SetInRooms) -> bool:
    """Whether the plugin is switched on there."""
    here = chosen.rooms.get(channel, SetHere())
    if here.on is not None:
        return here.on.value is True
    return config.plugin(channel, plugin) is not None


def options(config: Config, plugin: str, channel: str, chosen: SetInRooms) -> dict[str, JsonValue]:
    """The plugin's options there, also while it is switched off."""
    here = chosen.rooms.get(channel, SetHere())
    own = {name: each.value for name, each in here.options.items()}
    return {**(config.plugin(channel, plugin) or {}), **own}


def source(config: Config, plugin: str, channel: str, chosen: SetInRooms, option: str) -> str:
    """Where an option's value comes from: `set here by alice`, `rosey.toml`, `default`."""
    if found := chosen.rooms.get(channel, SetHere()).options.get(option):
        return f"set here by {found.by}"
    return FILE if option in (config.plugin(channel, plugin) or {}) else DEFAULT
