"""Versions put on the shelf, one of them chosen, and old ones taken away."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import UserError
from core.installed import places
from core.installed.problems import NotFit
from core.installed.record import (
    Choice,
    Record,
    digest,
    read_choice,
    read_record,
    write_choice,
    write_record,
)

KEPT = 3
LOCK = ".lock"
STAGING = ".staging-"


@contextmanager
def staging(data: Path) -> Iterator[Path]:
    """An empty folder beside the plugins, for one at a time; nothing of it stays."""
    folder = data / places.FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(folder):
        for left in folder.glob(f"{STAGING}*"):  # of one who was killed
            shutil.rmtree(left)
        fresh = Path(tempfile.mkdtemp(prefix=STAGING, dir=folder))
        try:
            yield fresh
        finally:
            shutil.rmtree(fresh, ignore_errors=True)


@contextmanager
def alone(data: Path) -> Iterator[None]:
    """While nobody else changes what is installed. Raises UserError when somebody does."""
    folder = data / places.FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(folder):
        yield


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(
                f"Somebody else is changing the plugins in {folder}; try again when they are done."
            ) from None
        yield


def versions(data: Path, name: str) -> list[Record]:
    """What is on the shelf, the first installed first."""
    folder = places.home(data, name)
    there = folder.iterdir() if folder.is_dir() else ()
    found = [read_record(each) for each in there if places.VERSION.fullmatch(each.name)]
    return sorted((each for each in found if each), key=lambda each: each.installed_at)


def current(data: Path, name: str) -> Record | None:
    """The version that runs."""
    version = places.current_version(data, name)
    return read_record(places.home(data, name) / version) if version else None


def pinned(data: Path, name: str) -> str | None:
    """The version it stays at, None when it may change."""
    return read_choice(places.home(data, name)).pinned


def pin(data: Path, name: str, version: str | None) -> None:
    """Keeps it at a version, or lets it go."""
    write_choice(places.home(data, name), Choice(pinned=version))


def there(data: Path, name: str, version: str, found: str) -> bool:
    """Whether this version is on the shelf already. Raises NotFit for another of its number."""
    folder = places.home(data, name) / version
    record = read_record(folder)
    if record is None:
        return False
    if record.digest != found or digest(folder / name) != found:
        raise NotFit(
            f"{name} {version} is installed already, and this is another one of the same number; "
            "give it a new version in plugin.toml, or remove the old one first."
        )
    return True


def place(data: Path, staged: Path, record: Record) -> None:
    """Moves a finished version's folder onto the shelf."""
    write_record(staged, record)
    home = places.home(data, record.name)
    home.mkdir(exist_ok=True)
    target = home / record.version
    if target.exists():  # of one whose record cannot be read
        shutil.rmtree(target)
    staged.rename(target)


def switch(data: Path, name: str, version: str) -> None:
    """Makes it the version that runs, in one step; the oldest beyond the last three go."""
    home = places.home(data, name)
    fresh = home / f"{places.CURRENT}.new"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(version)
    os.replace(fresh, home / places.CURRENT)
    _tidy(data, name, version)


def _tidy(data: Path, name: str, version: str) -> None:
    stays = {version, pinned(data, name)}
    old = [each.version for each in versions(data, name) if each.version not in stays]
    for each in old[:-KEPT]:
        shutil.rmtree(places.home(data, name) / each)


def previous(data: Path, name: str) -> Record | None:
    """The version that was installed before the one that runs."""
    now = current(data, name)
    if now is None:
        return None
    before = [each for each in versions(data, name) if each.installed_at < now.installed_at]
    return before[-1] if before else None


def take_away(data: Path, name: str) -> None:
    """All of its versions. The one that runs is no longer chosen before anything goes."""
    home = places.home(data, name)
    (home / places.CURRENT).unlink(missing_ok=True)
    shutil.rmtree(home)
