"""What the host starts: processes as data."""

import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import IntEnum
from pathlib import Path

from core.config import CHECKOUT, LOUNGE, Config, plugin_names
from core.host.sandbox.handover import handed_over
from core.plugins import folders
from rosey.manifest import Limits, ManifestError, PluginManifest, load_plugin
from rosey.room_commands import CORE

# One try; returns when the process answers, raises OSError, TimeoutError or NotReady otherwise.
Probe = Callable[[], Awaitable[None]]


# Variables with a password, each for the process of that name and for nobody else.
PRIVATE = {"ROSEY_DATABASE_URL": "database"}


# A plugin may be broken for good; what everybody needs is started again for ever.
MOST_CRASHES = 10
# The process that answers the services of the room itself.
ROOM = "recorder"


class Stage(IntEnum):
    """What a process needs to be there before it starts; stopped in the opposite order."""

    BUS = 0
    TEMPORAL = 1
    SERVICES = 2
    CONNECTORS = 3

    @property
    def is_server(self) -> bool:
        """Not Rosey's own code."""
        return self <= Stage.TEMPORAL


@dataclass(frozen=True)
class ProcessSpec:
    """One process. Without a probe it says itself when it is ready (core/host/notify.py).

    After so many crashes in a row as `most_crashes` it is given up; None is never.
    """

    name: str
    argv: tuple[str, ...]
    stage: Stage
    probe: Probe | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    plugin: bool = False
    most_crashes: int | None = None
    # Nothing of the host's own variables; and what a plugin that is not trusted may take.
    is_bare: bool = False
    limits: Limits | None = None
    # The processes whose services it calls; it begins its work when they answer.
    calls: tuple[str, ...] = ()


def own_processes(data: Path, config: Config) -> list[ProcessSpec]:
    """Router, database, lounge, recorder, one process a plugin and one a connection."""
    services: list[tuple[str, ...]] = [("router",), ("database",)]
    if config.lounge.enabled:
        services.append((LOUNGE,))
    services.append((ROOM,))
    connectors = [("connector", each.name) for each in config.connections]
    return [
        *(command(words, Stage.SERVICES, data, config.file) for words in services),
        *(plugin_process(plugin, data, config) for plugin in plugin_names(data)),
        *(command(words, Stage.CONNECTORS, data, config.file) for words in connectors),
    ]


def plugin_process(name: str, data: Path, config: Config) -> ProcessSpec:
    """In a box when the plugin is not trusted; one with a bad manifest says so when it starts."""
    spec = command(("worker", name), Stage.SERVICES, data, config.file)
    with suppress(ManifestError):
        manifest = load_plugin(folders(data)[name])
        spec = replace(spec, calls=_called(manifest))
        if manifest.trust == "untrusted":
            bare = handed_over(config, os.environ)
            return replace(spec, env=bare, is_bare=True, limits=manifest.limits)
    return spec


def _called(manifest: PluginManifest) -> tuple[str, ...]:
    """The processes that answer the services it names."""
    owners = dict.fromkeys(service.partition(".")[0] for service in manifest.services)
    return tuple(ROOM if owner == CORE else owner for owner in owners)


def command(words: tuple[str, ...], stage: Stage, data: Path, config: Path | None) -> ProcessSpec:
    """One of Rosey's own commands, as anybody could type it.

    The process is named after its plugin, or `connector-<connection>`.
    """
    plugin = words[0] == "worker"
    name = words[-1] if plugin else "-".join(words)
    argv = (sys.executable, "-P", "-m", "core", *words, "--data", str(data))
    if config is not None:
        argv += ("--config", str(config))
    paths = [str(CHECKOUT), os.environ.get("PYTHONPATH", "")]
    path = os.pathsep.join(dict.fromkeys(each for each in paths if each))
    most = MOST_CRASHES if plugin else None
    return ProcessSpec(name, argv, stage, None, {"PYTHONPATH": path}, plugin, most)
