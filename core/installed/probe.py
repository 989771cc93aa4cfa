"""A process that imports a stranger's plugin and says what is in it: `probe FD FOLDER`.

What it says comes from a stranger's process and is read as such (child.py).
"""

import json
import os
import resource
import sys
from pathlib import Path
from typing import Any

MEMORY = 4 * 2**30
CPU_SECONDS = 20


def main() -> None:
    descriptor, folder = int(sys.argv[1]), Path(sys.argv[2])
    from core.plugins import reachable
    from rosey.manifest import load_plugin

    manifest = load_plugin(folder)
    reachable(folder)
    _confine()
    said = _look(manifest)
    with os.fdopen(descriptor, "w") as pipe:
        json.dump(said, pipe)
    # What it started in the background is not waited for.
    os._exit(0)


def _confine() -> None:
    """It may look about and compute, but write no file, and not for ever."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def _look(manifest: Any) -> dict[str, Any]:
    problems: list[str] = []
    plugin = _load(manifest.entry, problems)
    for named in [*manifest.workflows, *manifest.activities]:
        _load(named, problems)
    if manifest.settings:
        problems += _settings(_load(manifest.settings, problems), manifest.settings)
    commands: list[Any] = []
    if plugin is not None:
        commands, wrong = _commands(plugin, manifest)
        problems += wrong
    return {"commands": commands, "problems": problems}


def _load(named: str, problems: list[str]) -> Any:
    from core.plugins import load
    from rosey.manifest import ManifestError

    try:
        return load(named)
    except ManifestError as problem:
        problems.append(str(problem))
        return None
    except BaseException as problem:  # whatever a stranger's module does when it is imported
        problems.append(f"{named} cannot be loaded: {type(problem).__name__}: {problem}")
        return None


def _commands(plugin: Any, manifest: Any) -> tuple[list[Any], list[str]]:
    from rosey import Plugin

    if not isinstance(plugin, Plugin):
        return [], [f"{manifest.entry} is no Plugin but {type(plugin).__name__}."]
    problems = []
    if plugin.name != manifest.name:
        problems.append(f"{manifest.entry} is called {plugin.name!r}; plugin.toml says otherwise.")
    return [each.model_dump(mode="json") for each in plugin.commands], problems


def _settings(model: Any, named: str) -> list[str]:
    from pydantic import BaseModel, ValidationError

    if model is None:
        return []
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return [f"{named} is no pydantic model."]
    try:
        model()
    except ValidationError:
        return [f"{named} needs a default for every setting."]
    return []


if __name__ == "__main__":
    main()
