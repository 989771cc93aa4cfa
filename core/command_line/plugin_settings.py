"""plugin rooms, enable, disable: what is asked of the running host's plugin manager."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from core.command_line.options import DATA, Data, Json

Name = Annotated[str, typer.Argument(metavar="NAME", help="A plugin.")]
Room = Annotated[
    str | None,
    typer.Option("--room", metavar="CHANNEL", help="As lounge/lobby; else in every room."),
]


def register(app: typer.Typer) -> None:
    """Adds the commands to the group."""
    app.command("rooms")(rooms)
    app.command("enable")(enable)
    app.command("disable")(disable)


def rooms(data: Data = DATA, as_json: Json = False) -> None:
    """Shows in which rooms plugins are switched off, and whether they run."""
    plugins = _ask(data, {"do": "list"})["plugins"]
    if as_json:
        typer.echo(json.dumps(plugins, indent=2))
        return
    for each in plugins:
        typer.echo(_line(each))


def enable(name: Name, room: Room = None, data: Data = DATA) -> None:
    """Switches a plugin on in a room, or in every room of the configuration."""
    _switch("enable", name, room, data)


def disable(name: Name, room: Room = None, data: Data = DATA) -> None:
    """Switches a plugin off in a room, or in every room of the configuration."""
    _switch("disable", name, room, data)


def _switch(do: str, name: str, room: str | None, data: Path) -> None:
    said = _ask(data, {"do": do, "name": name, "room": room})["rooms"]
    for each, words in said.items():
        typer.echo(f"{each}: {words}")


def _line(plugin: dict[str, Any]) -> str:
    off = [room for room, on in plugin["rooms"].items() if not on]
    where = f", off in {', '.join(off)}" if off else ""
    return f"{plugin['name']} {plugin['version']}: {plugin['state']}{where}"


def _ask(data: Path, request: dict[str, Any]) -> dict[str, Any]:
    from core.command_line.running import ask

    return ask(data.absolute(), {"command": "plugin", **request})
