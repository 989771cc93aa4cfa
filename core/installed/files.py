"""A stranger's files, copied with nothing taken for granted."""

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from core.installed.problems import NotFit

MB = 2**20
LARGEST_FILE = 16 * MB
LARGEST = 64 * MB
MOST_FILES = 2_000
# Made by tools; whatever begins with a dot is left where it is as well.
LEFT_OUT = ("__pycache__",)


class Measure:
    """Counts files and bytes. Raises NotFit when a package is more than a plugin needs."""

    def __init__(self) -> None:
        self._files = 0
        self._bytes = 0

    def add(self, name: str, size: int) -> None:
        self._files += 1
        self._bytes += size
        if size > LARGEST_FILE:
            raise NotFit(
                f"{name} has {_mb(size)}; a plugin's files may have {_mb(LARGEST_FILE)} each."
            )
        if self._bytes > LARGEST:
            raise NotFit(f"The package has more than {_mb(LARGEST)} in all; plugins are small.")
        if self._files > MOST_FILES:
            raise NotFit(f"The package has more than {MOST_FILES} files; plugins are small.")


def copy(source: Path, target: Path) -> None:
    """Copies a package. Raises NotFit for links, devices and too much of anything."""
    measure = Measure()
    found = list(_walk(source))
    for path, size in found:
        measure.add(str(path.relative_to(source)), size)
    target.mkdir(parents=True)
    for path, _ in found:
        place = target / path.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place, follow_symlinks=False)


def _walk(folder: Path) -> Iterator[tuple[Path, int]]:
    """Plain files with their sizes."""
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda each: each.name):
            if entry.name in LEFT_OUT or entry.name.startswith("."):
                continue
            path = Path(entry.path)
            mode = entry.stat(follow_symlinks=False).st_mode
            if stat.S_ISDIR(mode):
                yield from _walk(path)
            elif stat.S_ISREG(mode):
                yield path, entry.stat(follow_symlinks=False).st_size
            else:
                kind = "a link" if stat.S_ISLNK(mode) else "no plain file"
                raise NotFit(
                    f"{path.name} in the package is {kind}; a plugin has plain files only."
                )


def _mb(size: int) -> str:
    return f"{size / MB:.0f} MB"
