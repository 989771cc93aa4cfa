"""`playlist`: what an operator does with rooms' queues."""

from pathlib import Path
from typing import Annotated

import typer

from core.command_line.options import DATA, Commands, ConfigFile, Data

playlist_app = typer.Typer(cls=Commands, help="Rooms' media queues.", no_args_is_help=True)


@playlist_app.callback()
def _group() -> None:
    """With it a lone command keeps its name."""


@playlist_app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="JSON: a list, or lists by room.")],
    channel: Annotated[
        str | None, typer.Option(metavar="KEY", help="The room, as lounge/lobby.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only says what would be done.")
    ] = False,
    data: Data = DATA,
    config: ConfigFile = None,
) -> None:
    """Takes over another bot's queue; what is in a room's queue already is not doubled."""
    from core.command_line.playlist_work import bring_in

    bring_in(file, channel, dry_run, data.absolute(), config)
