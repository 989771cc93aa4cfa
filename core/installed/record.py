"""What is remembered of an installed version, and of a plugin."""

import hashlib
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ValidationError

from core.config import CHECKOUT

VERSION_FILE = "installed.json"
PLUGIN_FILE = "plugin.json"
CACHES = "__pycache__"

Remembered = TypeVar("Remembered", bound=BaseModel)


class Source(BaseModel):
    """Where a version came from; `commit` of a git checkout."""

    kind: Literal["folder", "wheel", "git"]
    address: str
    ref: str = ""
    commit: str = ""

    def __str__(self) -> str:
        ref = f" at {self.ref}" if self.ref else ""
        commit = f" ({self.commit[:12]})" if self.commit else ""
        return f"{self.kind} {self.address}{ref}{commit}"


class Record(BaseModel):
    """One version. `digest` is of its files, `words` are what can be typed, `kit` its maker's."""

    name: str
    version: str
    source: Source
    installed_at: datetime
    digest: str
    dependencies: list[str] = []
    words: list[str] = []
    kit: str = ""


class Choice(BaseModel):
    """What the operator chose for a plugin."""

    pinned: str | None = None


def read_record(folder: Path) -> Record | None:
    """Of a version's folder; None when it cannot be read."""
    return _read(folder / VERSION_FILE, Record)


def write_record(folder: Path, record: Record) -> None:
    (folder / VERSION_FILE).write_text(record.model_dump_json(indent=1) + "\n")


def read_choice(home: Path) -> Choice:
    """Of a plugin's folder; nothing is chosen when it cannot be read."""
    return _read(home / PLUGIN_FILE, Choice) or Choice()


def write_choice(home: Path, choice: Choice) -> None:
    fresh = home / f"{PLUGIN_FILE}.new"
    fresh.write_text(choice.model_dump_json() + "\n")
    fresh.replace(home / PLUGIN_FILE)


def digest(folder: Path) -> str:
    """One for all names and contents below `folder`, Python's caches aside."""
    sum = hashlib.sha256()
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        place = path.relative_to(folder)
        if CACHES in place.parts:
            continue
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        sum.update(f"{len(place.as_posix())} {place.as_posix()} {content}\n".encode())
    return sum.hexdigest()


def kit_version() -> str:
    """The version of the kit in this checkout."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    return str(project["project"]["version"])


def _read(file: Path, model: type[Remembered]) -> Remembered | None:
    try:
        return model.model_validate_json(file.read_bytes())
    except (OSError, ValidationError):
        return None
