"""The commands. Each imports what it needs when it runs, so that the quick ones stay quick."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from core.command_line.db_commands import db_app
from core.command_line.options import DATA, NAME, Commands, ConfigFile, Data, Json
from core.command_line.playlist import playlist_app
from core.command_line.plugin import plugin_app
from core.errors import UserError
from core.logs import printable

app = typer.Typer(
    cls=Commands,
    name=NAME,
    help="Rosey keeps a chat room company.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
config_app = typer.Typer(cls=Commands, help="The configuration.", no_args_is_help=True)
app.add_typer(config_app, name="config")
bus_app = typer.Typer(cls=Commands, help="The bus.", no_args_is_help=True)
app.add_typer(bus_app, name="bus")
dead_app = typer.Typer(
    cls=Commands, help="Messages that no retry could help.", no_args_is_help=True
)
bus_app.add_typer(dead_app, name="dead")
app.add_typer(db_app, name="db")
app.add_typer(plugin_app, name="plugin")
app.add_typer(playlist_app, name="playlist")

Number = Annotated[int, typer.Argument(metavar="NUMBER", help="As `list` shows it.", min=1)]


def main(arguments: list[str] | None = None) -> int:
    """Runs a command and returns its exit code; what went wrong is said in one sentence."""
    try:
        code = app(arguments, standalone_mode=False, prog_name=NAME)
    except UserError as error:
        for line in str(error).split("\n"):
            print(printable(line), file=sys.stderr)  # noqa: T201
        return error.exit_code
    except typer.TyperException as error:
        text = error.format_message()
        if text:
            print(f"{text} See {NAME} --help.", file=sys.stderr)  # noqa: T201
        return error.exit_code
    except (typer.Abort, KeyboardInterrupt):
        return 130
    except BrokenPipeError:
        sys.stdout = None  # what read our output has enough of it
        return 1
    return code if isinstance(code, int) else 0


@app.command()
def up(data: Data = DATA, config: ConfigFile = None) -> None:
    """Starts Rosey and stays until Ctrl-C."""
    from core.command_line.up import run

    run(data.absolute(), config)


@app.command()
def down(data: Data = DATA) -> None:
    """Stops the running Rosey and waits until all of it is gone."""
    from core.command_line.running import stop

    stop(data.absolute())


@app.command()
def status(
    data: Data = DATA,
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Shows each process with its state, restarts, memory and last error."""
    from core.command_line.running import show_status

    show_status(data.absolute(), json)


@app.command()
def restart(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="A process; else all but NATS and Temporal."),
    ] = None,
    data: Data = DATA,
) -> None:
    """Restarts one process of the running Rosey, or all of its own.

    New connections come with down and up, plugins with bin/rosey plugin install.
    """
    from core.command_line.running import restart_processes

    restart_processes(data.absolute(), name)


@app.command()
def reload(
    name: Annotated[str, typer.Argument(metavar="PLUGIN")],
    force: Annotated[
        bool, typer.Option("--force", help="Without trying open workflows with the new code.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="And again whenever a file of it is saved.")
    ] = False,
    data: Data = DATA,
) -> None:
    """Lets a plugin's new code take over without a gap; if it cannot, the old one runs on."""
    from core.command_line.reload import run

    run(data.absolute(), name, force, watch)


@app.command()
def logs(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="A process; else all of them.")
    ] = None,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Goes on with new lines.")] = False,
    data: Data = DATA,
) -> None:
    """Shows the last lines of the log files."""
    from core.command_line.logs import show

    show(data.absolute(), name, follow)


@config_app.command()
def check(data: Data = DATA, config: ConfigFile = None) -> None:
    """Names everything that is wrong in rosey.toml, or shows in short what it says."""
    from core.command_line.config_check import run

    run(data.absolute(), config)


@bus_app.command()
def acl(
    name: Annotated[
        str | None, typer.Argument(metavar="[PLUGIN]", help="A plugin or connection; else all.")
    ] = None,
    data: Data = DATA,
    config: ConfigFile = None,
) -> None:
    """Says what each process may do on the bus."""
    from core.command_line.acl import show

    show(data.absolute(), config, name)


@bus_app.command(name="map")
def bus_map() -> None:
    """Prints who says what to whom, as Markdown."""
    from core.command_line.bus_map import show

    show()


@bus_app.command()
def traffic(data: Data = DATA, config: ConfigFile = None, json: Json = False) -> None:
    """Shows what each process sends and handles, how often and how quickly."""
    from core.command_line.traffic import show

    show(data.absolute(), config, json)


@dead_app.command("list")
def dead_list(data: Data = DATA, config: ConfigFile = None, json: Json = False) -> None:
    """Shows what was set aside, when and why."""
    from core.command_line.dead import show_all

    show_all(data.absolute(), config, json)


@dead_app.command("show")
def dead_show(
    number: Number, data: Data = DATA, config: ConfigFile = None, json: Json = False
) -> None:
    """Shows one whole."""
    from core.command_line.dead import show

    show(data.absolute(), config, number, json)


@dead_app.command("retry")
def dead_retry(
    number: Number,
    as_new: Annotated[
        bool,
        typer.Option("--as-new", help="As a command or a line of this moment, however old it is."),
    ] = False,
    data: Data = DATA,
    config: ConfigFile = None,
) -> None:
    """Sends one where it came from, once more."""
    from core.command_line.dead import retry

    retry(data.absolute(), config, number, as_new)


@dead_app.command("drop")
def dead_drop(
    number: Annotated[
        int | None, typer.Argument(metavar="[NUMBER]", help="As `list` shows it.", min=1)
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All there are.")] = False,
    data: Data = DATA,
    config: ConfigFile = None,
) -> None:
    """Deletes one for good, or all."""
    from core.command_line.dead import drop

    drop(data.absolute(), config, number, everything)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def test(context: typer.Context) -> int:
    """Linters, types and tests; arguments go to pytest."""
    from core.command_line.checks import run

    return run(context.args)


@app.command()
def bench(
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    against: Annotated[
        Path | None, typer.Option("--against", metavar="FILE", help="An earlier run's --json.")
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="For a document.")] = False,
) -> int:
    """Measures Rosey beside what the machine can do."""
    from core.command_line.by_hand import bench as run

    return run(json, against, markdown)


@app.command()
def worker(
    plugins: Annotated[list[str], typer.Argument(metavar="PLUGIN...")],
    data: Data = DATA,
    config: ConfigFile = None,
) -> None:
    """Runs plugins in this process; a second worker shares the work."""
    from core.command_line.by_hand import worker as run

    run(plugins, data.absolute(), config)


@app.command()
def connector(name: str, data: Data = DATA, config: ConfigFile = None) -> None:
    """Runs one connection of the configuration."""
    from core.command_line.by_hand import connector as run

    run(name, data.absolute(), config)


@app.command()
def router(data: Data = DATA, config: ConfigFile = None) -> None:
    """Runs the router, which turns lines into commands."""
    from core.command_line.by_hand import router as run

    run(data.absolute(), config)


@app.command()
def database(data: Data = DATA, config: ConfigFile = None) -> None:
    """Runs the database service, which keeps what plugins store; a second one shares the work."""
    from core.command_line.by_hand import database as run

    run(data.absolute(), config)


@app.command()
def recorder(data: Data = DATA, config: ConfigFile = None) -> None:
    """Runs the recorder, which is the rooms' memory."""
    from core.command_line.by_hand import recorder as run

    run(data.absolute(), config)


@app.command()
def lounge(data: Data = DATA, config: ConfigFile = None) -> None:
    """Runs the room that comes with Rosey."""
    from core.command_line.by_hand import lounge as run

    run(data.absolute(), config)


@app.command()
def say(
    text: str,
    name: Annotated[str | None, typer.Option("--as", metavar="NAME", help="Who says it.")] = None,
    room: Annotated[str, typer.Option(metavar="CHANNEL")] = "lounge/lobby",
    wait: Annotated[float, typer.Option(metavar="SECONDS", min=0.0)] = 3.0,
    data: Data = DATA,
    config: ConfigFile = None,
) -> None:
    """Says a line in a room of the lounge and prints what is answered."""
    from core.command_line.say import run

    run(text, name, room, wait, data.absolute(), config)
