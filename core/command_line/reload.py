"""`reload NAME`: asked of the running host once, or whenever a file of the plugin is saved."""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import typer

from core.command_line.running import ask
from core.errors import UserError
from core.logs import printable
from core.plugins import CHECKOUT, PLUGINS
from core.runtime import NotRunning
from rosey.manifest import ManifestError, PluginManifest, load_plugin

# Longer than the new process may take for its start and the old one for its end.
RELOAD_SECONDS = 40.0
LOOK_EVERY = 0.25

Files = dict[Path, tuple[int, int]]


def run(data: Path, name: str, force: bool, watch: bool) -> None:
    """Returns when the new code is live, with `watch` at Ctrl-C. Raises UserError."""
    if not watch:
        typer.echo(_reload(data, name, force))
        return
    folders = watched(name)
    known = look(folders)
    typer.echo(_try(data, name, force))
    typer.echo(f"watching {', '.join(map(str, folders))}; Ctrl-C ends it")
    while True:
        time.sleep(LOOK_EVERY)
        found = look(folders)
        if found != known:
            known = found
            typer.echo(_try(data, name, force))


def watched(name: str) -> list[Path]:
    """The plugin's folder, and those of the modules that its manifest names."""
    folders = [PLUGINS / name]
    try:
        manifest = load_plugin(folders[0])
    except ManifestError as problem:
        raise UserError(str(problem)) from None
    folders += [CHECKOUT.joinpath(*package.split(".")) for package in _packages(manifest)]
    there = [folder for folder in folders if folder.is_dir()]
    return [each for each in dict.fromkeys(there) if not set(each.parents) & set(there)]


def look(folders: Iterable[Path]) -> Files:
    """When each file was written and how long it is; what Python makes of them aside."""
    found: Files = {}
    for path in _files(folders):
        try:
            state = path.stat()
        except OSError:
            continue  # gone since it was listed
        found[path] = (state.st_mtime_ns, state.st_size)
    return found


def _files(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path


def _packages(manifest: PluginManifest) -> Iterator[str]:
    named = [manifest.entry, *manifest.workflows, *manifest.activities, manifest.settings]
    for each in named:
        if each:
            module = each.partition(":")[0]
            is_package = CHECKOUT.joinpath(*module.split(".")).is_dir()
            yield module if is_package else module.rpartition(".")[0]


def _reload(data: Path, name: str, force: bool) -> str:
    message = {"command": "reload", "name": name, "force": force}
    live = ask(data, message, RELOAD_SECONDS)
    return printable(
        f"{name} {live['version']} is live after {live['seconds']} s in process {live['pid']}"
    )


def _try(data: Path, name: str, force: bool) -> str:
    """What went wrong is told, and the next save may mend it."""
    try:
        return _reload(data, name, force)
    except NotRunning:
        raise
    except UserError as problem:
        return printable(str(problem))
