"""Looks at everything that is installed and says what to do about what is not well."""

import sys
from collections.abc import Iterator
from pathlib import Path

from core.installed import child, environment, places, shelf
from core.installed.names import taken_names, taken_words
from core.installed.problems import NotFit
from core.installed.record import Record, digest, kit_version, read_record
from rosey.manifest import ManifestError, load_plugin


def complaints(data: Path) -> dict[str, list[str]]:
    """By plugin; empty lists are good."""
    return {name: list(_of(data, name)) for name in places.names(data)}


def left_over(data: Path) -> list[Path]:
    """Folders of an installation that was killed; the next one takes them away."""
    return sorted((data / places.FOLDER).glob(f"{shelf.STAGING}*"))


def _of(data: Path, name: str) -> Iterator[str]:
    again = f"install it again, or bin/rosey plugin remove {name}"
    version = places.current_version(data, name)
    if version is None:
        yield f"no version of it is chosen, so it does not run; {again}"
        return
    folder = places.home(data, name) / version
    record = read_record(folder)
    if record is None:
        yield f"{folder / 'installed.json'} cannot be read; {again}"
        return
    try:
        manifest = load_plugin(folder / name)
    except ManifestError as problem:
        yield f"{problem}; {again}"
        return
    if manifest.version != version or digest(folder / name) != record.digest:
        yield f"the files in {folder} are not what was installed; {again}"
        return
    yield from taken_names(manifest, data)
    yield from taken_words(name, record.words, data)
    yield from _environment(folder, record)


def _environment(folder: Path, record: Record) -> Iterator[str]:
    if record.kit.partition(".")[0] != kit_version().partition(".")[0]:
        yield (
            f"it was made for version {record.kit} of the kit, and this Rosey has {kit_version()}; "
            f"bin/rosey plugin update {record.name} may bring one that fits"
        )
    try:
        lacking = environment.needed(record.name, record.dependencies)
    except NotFit as problem:
        yield str(problem)
        return
    if lacking and not (folder / places.SITE).is_dir():
        yield (
            f"it needs {', '.join(map(str, lacking))}, which is no longer here; remove it and "
            "install it again"
        )
        return
    try:
        found = child.look(folder / record.name)
    except NotFit as problem:
        yield str(problem)
        return
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    yield from (f"{each} (Python {python})" for each in found.problems)
