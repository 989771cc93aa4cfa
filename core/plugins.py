"""Where plugins lie, and how what their manifests name is loaded."""

import importlib
from pathlib import Path
from typing import Any

from rosey.manifest import ManifestError, People, PluginManifest, Storage, find_plugins, load_plugin

CHECKOUT = Path(__file__).resolve().parent.parent
PLUGINS = CHECKOUT / "plugins"
CONNECTORS = CHECKOUT / "connectors"
MIGRATIONS = CHECKOUT / "migrations"

LOGGED = (
    "the room's log of the last {days} days, in which moderators may have to look up what happened"
)

# The plugin that is none: the room's own commands, which the recorder answers. Its name is one
# that no plugin may have.
ROOM = PluginManifest.model_construct(
    name="core",
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
    except AttributeError:
        raise ManifestError(f"{module} has no {name!r}") from None


def manifests(folder: Path = PLUGINS) -> dict[str, PluginManifest]:
    """All plugins below `folder` by name. Raises ManifestError for the first bad one."""
    return {name: load_plugin(path) for name, path in find_plugins(folder).items()}
