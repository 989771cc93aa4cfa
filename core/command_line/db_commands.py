"""`db`: the commands about the database's tables."""

from typing import Annotated, Literal

import typer

from core.command_line.options import DATA, Commands, Data

db_app = typer.Typer(cls=Commands, help="The tables of the database.", no_args_is_help=True)

Owner = Annotated[
    str | None, typer.Argument(metavar="[PLUGIN]", help="A plugin, or core; else everybody.")
]
OneOwner = Annotated[str, typer.Argument(metavar="PLUGIN", help="A plugin, or core.")]
Message = Annotated[str, typer.Option("-m", "--message", metavar="TEXT", help="What it does.")]


@db_app.command()
def upgrade(plugin: Owner = None, data: Data = DATA) -> None:
    """Brings tables to what this checkout expects; a SQLite file is copied first."""
    from core.command_line.db import upgrade as run

    run(data.absolute(), plugin)


@db_app.command()
def downgrade(plugin: OneOwner, data: Data = DATA) -> None:
    """Takes back the newest migration of one plugin, with what is in its tables."""
    from core.command_line.db import downgrade as run

    run(data.absolute(), plugin)


@db_app.command()
def migrate(
    plugin: Annotated[str, typer.Option("--plugin", metavar="PLUGIN")],
    action: Annotated[Literal["up", "down"], typer.Option("--action", metavar="up|down")],
    data: Data = DATA,
) -> None:
    """The same as upgrade and downgrade, for one plugin."""
    from core.command_line.db import downgrade as down
    from core.command_line.db import upgrade as up

    (up if action == "up" else down)(data.absolute(), plugin)


@db_app.command()
def current(plugin: Owner = None, data: Data = DATA) -> None:
    """Says where the database stands and what is still to come."""
    from core.command_line.db import current as run

    run(data.absolute(), plugin)


@db_app.command()
def history(plugin: Owner = None, data: Data = DATA) -> None:
    """Lists the migrations, the newest first."""
    from core.command_line.db import history as run

    run(plugin)


@db_app.command()
def check(plugin: Owner = None, data: Data = DATA) -> None:
    """Ends with 1 when files, tables or the database do not fit together, and says where."""
    from core.command_line.db import check as run

    run(data.absolute(), plugin)


@db_app.command()
def revision(plugin: OneOwner, message: Message) -> None:
    """Makes the file for a new migration."""
    from core.command_line.db import revision as run

    run(plugin, message)


@db_app.command()
def merge(plugin: Owner = None, message: Message = "Joins two migrations") -> None:
    """Joins the newest migrations of a plugin when two people added one each."""
    from core.command_line.db import merge as run

    run(plugin, message)


@db_app.command()
def contract() -> None:
    """Prints what may be asked of the database service, as Markdown."""
    from core.command_line.db import contract as run

    run()
