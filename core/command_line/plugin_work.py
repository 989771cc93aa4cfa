"""What the commands of `plugin` do."""

import asyncio
import json
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import typer

from core import config as configuration
from core import runtime
from core.command_line.operator import as_operator
from core.command_line.running import RESTART_SECONDS, ask
from core.config_problems import ConfigError
from core.errors import UnknownName, UserError
from core.installed import check as checking
from core.installed import doctor as doctors
from core.installed import install as installing
from core.installed import places, shelf, skeleton
from core.installed.problems import NotFit
from core.installed.record import Record
from core.installed.source import fetch, kind_of
from core.installed.words import asks
from core.logs import printable
from core.plugins import PLUGINS, folders
from rosey import subjects
from rosey.manifest import ManifestError, PluginManifest, load_plugin

Result = TypeVar("Result")


def new(name: str, into: Path, durable: bool) -> None:
    """Raises UserError."""
    folder = skeleton.write(name, into, durable)
    typer.echo(f"{folder} is a plugin. Go on with:")
    trust = " --trust" if durable else ""
    for words in (f"cd {folder}", "python -m pytest", f"bin/rosey plugin install .{trust}"):
        typer.echo(f"  {words}")


def check(address: str, ref: str, data: Path) -> None:
    """Raises NotFit with all that is wrong."""
    with tempfile.TemporaryDirectory() as place:
        package = fetch(kind_of(address, ref), Path(place))
        wrong = checking.unread(package, data)
        if wrong:
            _say(asks(package.manifest, package.dependencies))
            raise NotFit(*wrong)
        commands = checking.run(package, data)
        _say(checking.described(package, commands))
        _advise(checking.lacks(package, commands))
    typer.echo(f"{package.manifest.name} {package.manifest.version} can be installed.")


def install(address: str, ref: str, yes: bool, trust: bool, data: Path) -> None:
    """Raises NotFit."""
    _settle(data, installing.install(data, address, ref, trust=trust, agree=_agree(yes)))


def update(name: str, address: str | None, ref: str, yes: bool, trust: bool, data: Path) -> None:
    """Raises NotFit; the old version then stays."""
    before = shelf.current(data, name)
    done = installing.update(data, name, address, ref, trust=trust, agree=_agree(yes))
    if before and done.record.version == before.version:
        typer.echo(f"{name} {before.version} is the newest there.")
        return
    _settle(data, done)


def pin(name: str, version: str | None, off: bool, data: Path) -> None:
    """Raises NotFit."""
    if off:
        installing.unpin(data, name)
        typer.echo(f"{name} can be updated again.")
        return
    now = shelf.current(data, name)
    wanted = version or (now.version if now else "")
    record = installing.pin(data, name, wanted)
    typer.echo(f"{name} stays at {record.version} until bin/rosey plugin pin {name} --off.")
    if now is None or now.version != record.version:
        _tell(data, name)


def rollback(name: str, data: Path) -> None:
    """Raises NotFit."""
    record = installing.roll_back(data, name)
    typer.echo(f"{name} is at {record.version} again.")
    _tell(data, name)


def remove(name: str, with_data: bool, data: Path, config: Path | None) -> None:
    """Says what stays. Raises NotFit, and UserError while the configuration names it."""
    _is_not_named(name, data, config)
    installing.remove(data, name)
    typer.echo(f"{name} is removed.")
    running = _is_running(data)
    if running:
        _tell(data, name)
        # Else the router would go on offering its commands.
        as_operator(data, config, lambda bus: bus.bucket(subjects.PLUGINS_BUCKET).purge(name))
    files = data / "plugins" / name
    if not with_data:
        left = [f"the table {each}" for each in _on_store(data, name, _tables)]
        left += [f"the folder {files}"] if files.exists() else []
        if left:
            typer.echo(f"What it has stored stays: {', '.join(left)}.")
        return
    dropped = _on_store(data, name, _drop)
    if files.exists():
        shutil.rmtree(files)
    typer.echo(f"Its data is gone{': ' + ', '.join(dropped) if dropped else ''}.")
    if running and dropped:
        ask(data, {"command": "restart", "name": "database"}, RESTART_SECONDS)


def list_all(data: Path, as_json: bool) -> None:
    """A table, or JSON for programs."""
    rows = [_row(data, name) for name in sorted({*folders(data), *places.names(data)})]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for heading in ("plugin", "version", "pinned", "trust", "state"):
        table.add_column(heading, no_wrap=True)
    for heading in ("summary", "source"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        keys = ("name", "version", "pinned", "trust", "state", "summary", "source")
        table.add_row(*(Text(printable(str(row[key] or ""))) for key in keys))
    Console().print(table)


def show(name: str, data: Path) -> None:
    """Raises UnknownName."""
    row = _row(data, name)
    if not row["version"]:
        raise UnknownName("plugin", name, {*folders(data), *places.names(data)})
    manifest = load_plugin(folders(data)[name])
    record = shelf.current(data, name) if row["installed"] else None
    _say(asks(manifest, record.dependencies if record else []))
    _say([f"  {'source':<8} {row['source']}", f"  {'state':<8} {row['state']}"])
    if record is None:
        return
    if record.words:
        _say([f"  {'commands':<8} {', '.join(f'!{word}' for word in record.words)}"])
    others = [each.version for each in shelf.versions(data, name)]
    pinned = f"; pinned to {row['pinned']}" if row["pinned"] else ""
    _say([f"  {'versions':<8} {', '.join(others)}{pinned}"])


def doctor(data: Path) -> None:
    """Raises UserError when something is not well."""
    found = doctors.complaints(data)
    for name, wrong in found.items():
        typer.echo(f"{name}: {'fine' if not wrong else 'not well'}")
    for left in doctors.left_over(data):
        typer.echo(f"{left} was left by an installation that was interrupted; the next removes it.")
    if not found:
        typer.echo("Nothing is installed besides what comes with Rosey.")
    lines = [f"{name}: {each}" for name, wrong in found.items() for each in wrong]
    if lines:
        raise UserError("\n".join(lines))


def _agree(yes: bool) -> Callable[[list[str]], bool]:
    def ask_person(lines: list[str]) -> bool:
        _say(lines)
        return yes or typer.confirm("Do you agree?", default=False)

    return ask_person


def _settle(data: Path, done: installing.Done) -> None:
    record = done.record
    instead = f" instead of {done.before}" if done.before not in (None, record.version) else ""
    typer.echo(f"{record.name} {record.version} is installed{instead}.")
    _advise(done.lacks)
    _tell(data, record.name)


def _tell(data: Path, name: str) -> None:
    """Has the running Rosey do what is now on the shelf. Raises UserError when it does not run."""
    if not _is_running(data):
        if name in places.names(data):
            typer.echo("It is there when Rosey starts.")
        return
    state = ask(data, {"command": "installed", "name": name}, RESTART_SECONDS)["state"]
    if state == "ready":
        typer.echo("It runs now.")
    elif state != "gone":
        raise UserError(
            f"{name} is installed and does not run ({state}); bin/rosey logs {name} says why, and "
            f"bin/rosey plugin rollback {name} or remove {name} takes it back."
        )


def _is_running(data: Path) -> bool:
    found = runtime.read(data)
    return found is not None and runtime.alive(found.pid) and runtime.held(data)


def _is_not_named(name: str, data: Path, file: Path | None) -> None:
    """A configuration that names a plugin which is not there would be refused at the next start."""
    try:
        config = configuration.load(data, file)
    except ConfigError:
        return  # that is said by whoever needs it
    named = [key for key, channel in config.channels.items() if name in channel.plugins]
    if named:
        raise UserError(
            f"{config.file} has settings for {name} in {', '.join(named)}; take them out first, or "
            "Rosey would not start any more."
        )


def _row(data: Path, name: str) -> dict[str, Any]:
    """What `list` tells of one; without a version when it is not there or cannot be read."""
    folder = folders(data).get(name)
    is_installed = name in places.names(data) and not (folder and folder.parent == PLUGINS)
    record = shelf.current(data, name) if is_installed else None
    manifest = _manifest(folder)
    return {
        "name": name,
        "version": manifest.version if manifest else None,
        "summary": manifest.summary if manifest else "see bin/rosey plugin doctor",
        "trust": manifest.trust if manifest else None,
        "installed": is_installed,
        "source": _source(is_installed, record),
        "pinned": shelf.pinned(data, name) if is_installed else None,
        "state": _state(data, name),
    }


def _manifest(folder: Path | None) -> PluginManifest | None:
    try:
        return load_plugin(folder) if folder else None
    except ManifestError:
        return None


def _source(is_installed: bool, record: Record | None) -> str:
    if not is_installed:
        return "comes with Rosey"
    return str(record.source) if record else "nobody knows"


def _state(data: Path, name: str) -> str:
    found = runtime.read(data)
    if found is None or not _is_running(data) or name not in found.processes:
        return "not running"
    return found.processes[name].state


def _say(lines: list[str]) -> None:
    for line in lines:
        typer.echo(printable(line))


def _advise(lines: list[str]) -> None:
    _say([f"advice: {line}" for line in lines])


async def _tables(store: Any, name: str) -> list[str]:
    from core.database.removal import tables_of

    return await tables_of(store, name)


async def _drop(store: Any, name: str) -> list[str]:
    from core.database.removal import drop

    return await drop(store, name)


def _on_store(data: Path, name: str, action: Callable[[Any, str], Awaitable[Result]]) -> Result:
    from core.database.problems import Refusal
    from core.database.store import Store, address

    async def run() -> Result:
        store = Store(address(data))
        try:
            return await action(store, name)
        except Refusal as refused:
            raise UserError(str(refused)) from refused
        finally:
            await store.close()

    return asyncio.run(run())
