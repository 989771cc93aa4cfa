"""`plugin`: strangers' plugins, from a skeleton to their end."""

from pathlib import Path
from typing import Annotated

import typer

from core.command_line import plugin_settings
from core.command_line.options import DATA, Commands, ConfigFile, Data, Json

plugin_app = typer.Typer(cls=Commands, help="Plugins.", no_args_is_help=True)
plugin_settings.register(plugin_app)

Name = Annotated[str, typer.Argument(metavar="NAME", help="An installed plugin.")]
SOURCE = "A folder, a wheel, or a git address (git+PATH for a checkout on this machine)."
Ref = Annotated[str, typer.Option("--ref", metavar="REF", help="A git branch, tag or commit.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Agrees to what the plugin asks for.")]
Trust = Annotated[bool, typer.Option("--trust", help="Lets a trusted plugin run as you.")]


@plugin_app.command()
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Small letters and digits.")],
    durable: Annotated[
        bool, typer.Option("--durable", help="With a workflow that survives everything.")
    ] = False,
    into: Annotated[
        Path, typer.Option("--in", metavar="DIR", help="Where its folder is made.")
    ] = Path(),
) -> None:
    """Writes a complete plugin to begin with."""
    from core.command_line.plugin_work import new as run

    run(name, into, durable)


@plugin_app.command()
def check(
    source: Annotated[str, typer.Argument(metavar="FOLDER", help=SOURCE)],
    ref: Ref = "",
    data: Data = DATA,
) -> None:
    """Says what a plugin asks for, and what is wrong with it."""
    from core.command_line.plugin_work import check as run

    run(source, ref, data.absolute())


@plugin_app.command()
def install(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help=SOURCE)],
    ref: Ref = "",
    yes: Yes = False,
    trust: Trust = False,
    data: Data = DATA,
    config: ConfigFile = None,
) -> None:
    """Shows what a plugin asks for and installs it; a running Rosey has it at once."""
    from core.command_line.plugin_work import install as run

    run(source, ref, yes, trust, data.absolute())


@plugin_app.command()
def update(
    name: Name,
    source: Annotated[
        str | None, typer.Argument(metavar="[SOURCE]", help="Else from where it came.")
    ] = None,
    ref: Ref = "",
    yes: Yes = False,
    trust: Trust = False,
    data: Data = DATA,
    config: ConfigFile = None,
) -> None:
    """Installs a newer version; asks only when it wants more than the old one."""
    from core.command_line.plugin_work import update as run

    run(name, source, ref, yes, trust, data.absolute())


@plugin_app.command()
def pin(
    name: Name,
    version: Annotated[
        str | None, typer.Argument(metavar="[VERSION]", help="Else the one that runs.")
    ] = None,
    off: Annotated[bool, typer.Option("--off", help="Lets it change again.")] = False,
    data: Data = DATA,
    config: ConfigFile = None,
) -> None:
    """Keeps a plugin at one version until --off."""
    from core.command_line.plugin_work import pin as run

    run(name, version, off, data.absolute())


@plugin_app.command()
def rollback(name: Name, data: Data = DATA, config: ConfigFile = None) -> None:
    """Goes back to the version that was installed before."""
    from core.command_line.plugin_work import rollback as run

    run(name, data.absolute())


@plugin_app.command()
def remove(
    name: Name,
    with_data: Annotated[
        bool, typer.Option("--with-data", help="Deletes its tables, keys and files as well.")
    ] = False,
    data: Data = DATA,
    config: ConfigFile = None,
) -> None:
    """Takes a plugin away; what it has stored stays unless told otherwise."""
    from core.command_line.plugin_work import remove as run

    run(name, with_data, data.absolute(), config)


@plugin_app.command("list")
def list_all(data: Data = DATA, config: ConfigFile = None, json: Json = False) -> None:
    """Lists all plugins with version, source and state."""
    from core.command_line.plugin_work import list_all as run

    run(data.absolute(), json)


@plugin_app.command()
def show(name: Name, data: Data = DATA, config: ConfigFile = None) -> None:
    """Shows one: its version, where it came from, its state, and what it may."""
    from core.command_line.plugin_work import show as run

    run(name, data.absolute())


@plugin_app.command()
def doctor(data: Data = DATA, config: ConfigFile = None) -> None:
    """Looks at everything that is installed and says what to do about what is not well."""
    from core.command_line.plugin_work import doctor as run

    run(data.absolute())
