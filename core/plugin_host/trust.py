"""Whether a process must be in a box: when it runs one plugin, and that one is not trusted."""

import logging
from collections.abc import Sequence
from pathlib import Path

from core.config import Config
from core.errors import UserError
from core.plugins import folders
from rosey.manifest import ManifestError, PluginManifest, load_plugin

log = logging.getLogger("core.plugin_host")


def to_box(plugins: Sequence[str], data: Path) -> PluginManifest | None:
    """The one plugin when it is to be boxed. Raises UserError for its bad manifest."""
    if len(plugins) != 1:
        return None
    manifest = _manifest(plugins[0], data)
    return manifest if manifest.trust == "untrusted" else None


def refuse_shared(config: Config, plugins: Sequence[str], data: Path) -> None:
    """Several plugins in one process have no box. Raises UserError where one must have it."""
    for name in plugins:
        if _manifest(name, data).trust == "trusted":
            continue
        if config.sandbox == "require":
            raise UserError(
                f'{name} is not trusted, and sandbox = "require" wants it in a box: give it a '
                f"process of its own with bin/rosey worker {name}."
            )
        log.warning("%s is not trusted and shares its process, so it has no box", name)


def _manifest(name: str, data: Path) -> PluginManifest:
    try:
        return load_plugin(folders(data)[name])
    except ManifestError as problem:
        raise UserError(str(problem)) from problem
