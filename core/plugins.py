"""Where plugins lie, and how what their manifests name is loaded."""

import importlib
import logging
import sys
from pathlib import Path
from typing import Any

from core.installed import places
from rosey.manifest import ManifestError, People, PluginManifest, Storage, find_plugins, load_plugin
from rosey.room_commands import CORE

CHECKOUT = Path(__file__).resolve().parent.parent
PLUGINS = CHECKOUT / "plugins"
CONNECTORS = CHECKOUT / "connectors"
MIGRATIONS = CHECKOUT / "migrations"

log = logging.getLogger("core.plugins")

LOGGED = (
    "the room's log of the last {days} days, in which moderators may have to look up what happened"
)

# The plugin that is none: the room's own commands, which the recorder answers. Its name is one
# that no plugin may have.
ROOM = PluginManifest.model_construct(
    name=CORE,
    version="1.0.0",
    summary="The room's memory",
    entry="core.recorder.commands:plugin",
    trust="trusted",
    actions=["say", "pm"],
    storage=Storage(migrations=True),
    people=[
        People(table="users", field="username", what="statistics", forget="delete"),
        People(
            table="chat", field="username", what="lines you said", forget="keep", remains=LOGGED
        ),
        People(
            table="actions",
            field="username",
            what="comings and goings",
            forget="keep",
            remains=LOGGED,
        ),
    ],
)


def load(named: str) -> Any:
    """The object behind `package.module:name`. Raises ManifestError with the reason."""
    module, _, name = named.partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except ImportError as problem:
        raise ManifestError(f"{named} cannot be imported: {problem}") from problem
    except SyntaxError as problem:
        where = f"{problem.filename}, line {problem.lineno}"
        raise ManifestError(f"{where}: {problem.msg}") from problem
    except AttributeError:
        raise ManifestError(f"{module} has no {name!r}") from None


def folders(data: Path | None = None) -> dict[str, Path]:
    """The folders of all plugins by name: those of this checkout, and those installed in `data`.

    What comes with Rosey keeps its name.
    """
    installed = places.current_folders(data) if data else {}
    return {**installed, **find_plugins(PLUGINS)}


def manifests(data: Path | None = None) -> dict[str, PluginManifest]:
    """What `folders` finds, read. Raises ManifestError for one of Rosey's own.

    An installed one that cannot be read is left out and logged: it must not take the others along.
    """
    found = {}
    for name, folder in folders(data).items():
        try:
            found[name] = load_plugin(folder)
        except ManifestError as problem:
            if folder.parent == PLUGINS:
                raise
            log.error("the plugin %s is left out: %s; see bin/rosey plugin doctor", name, problem)
    return found


def reachable(folder: Path) -> None:
    """Lets this process import an installed plugin from `folder`, and what came with it.

    Rosey's own modules and Python's come first, so nothing of a stranger's takes their place.
    """
    if folder.parent == PLUGINS:
        return
    site = str(folder.parent / places.SITE)
    if site not in sys.path:
        packages = (n for n, each in enumerate(sys.path) if each.endswith("site-packages"))
        sys.path.insert(next(packages, len(sys.path)), site)
    if str(folder.parent) not in sys.path:
        sys.path.append(str(folder.parent))
