"""Where installed plugins lie: `<data>/installed/<name>/<version>/`, `current` names the version.

In a version's folder are the package itself (a folder of the plugin's name), `site/` with what it
needs besides, and `installed.json`.
"""

import os
import re
from pathlib import Path

FOLDER = "installed"
CURRENT = "current"
SITE = "site"
NAME = re.compile(r"[a-z][a-z0-9]*")
VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")


def home(data: Path, name: str) -> Path:
    """The folder of one plugin with all its versions."""
    return data / FOLDER / name


def names(data: Path) -> list[str]:
    """The plugins that have a folder, whatever is in it."""
    folder = data / FOLDER
    if not folder.is_dir():
        return []
    return sorted(each.name for each in folder.iterdir() if NAME.fullmatch(each.name))


def current_version(data: Path, name: str) -> str | None:
    """The version that runs, None when nothing that can be read says so."""
    try:
        version = os.readlink(home(data, name) / CURRENT)
    except OSError:
        return None
    return version if VERSION.fullmatch(version) else None


def current_folder(data: Path, name: str) -> Path | None:
    """The package of the version that runs, None when it is not there."""
    version = current_version(data, name)
    folder = home(data, name) / (version or "") / name
    return folder if version and (folder / "plugin.toml").is_file() else None


def current_folders(data: Path) -> dict[str, Path]:
    """The packages of all plugins that are installed and can run."""
    found = {name: current_folder(data, name) for name in names(data)}
    return {name: folder for name, folder in found.items() if folder}


def stamp(data: Path) -> dict[str, str | None]:
    """Something that differs when another version, or another plugin, is to run."""
    return {name: current_version(data, name) for name in names(data)}
