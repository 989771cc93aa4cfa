"""Catalogue files: lists of media that the operator keeps, in JSON or TOML."""

import json
import logging
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from activities.files import KeptFiles
from activities.media.matching import words_of
from rosey.contracts.media import FoundMedia
from rosey.media import NoLink, read_link, unplayable

log = logging.getLogger(__name__)

LARGEST_FILE = 8_000_000


class CatalogueError(Exception):
    """A file cannot be used; the message says which and why."""


class _Entry(BaseModel):
    """As it is written. `seconds` 0: not known."""

    model_config = ConfigDict(extra="forbid")
    title: str = Field(min_length=1, max_length=255)
    link: str
    seconds: float = Field(default=0.0, ge=0, le=1e9, allow_inf_nan=False)
    aliases: list[str] = []
    series: str = ""


@dataclass(frozen=True)
class Listed:
    """Media and the names it is known by, each as its words."""

    media: FoundMedia
    names: tuple[tuple[str, ...], ...]


class Shelf:
    """The files of one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files = KeptFiles(_usable)

    def listed(self) -> list[Listed]:
        """Everything in the files that can be read; a broken one is logged once, with why."""
        found = (each for each in self._folder.glob("*") if each.suffix in {".json", ".toml"})
        return [each for listed in self._files.read(sorted(found)) for each in listed]


def _usable(file: Path) -> list[Listed] | None:
    try:
        return load(file)
    except CatalogueError as problem:
        log.warning("catalogue left out: %s", problem)
        return None


def load(file: Path) -> list[Listed]:
    """The entries of a file: a list, or a table with one list in it. Raises CatalogueError."""
    entries = _list(file.name, _document(file))
    return [_listed(f"{file.name}, entry {at}", each) for at, each in enumerate(entries, 1)]


def _document(file: Path) -> Any:
    try:
        if file.stat().st_size > LARGEST_FILE:
            raise CatalogueError(f"{file.name}: it has more than {LARGEST_FILE} bytes")
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise CatalogueError(f"{file.name}: it cannot be read: {problem}") from None
    try:
        return json.loads(text) if file.suffix == ".json" else tomllib.loads(text)
    except (ValueError, RecursionError) as problem:
        raise CatalogueError(f"{file.name}: {problem}") from None


def _list(name: str, document: Any) -> list[Any]:
    if isinstance(document, list):
        return document
    lists = list(document.values()) if isinstance(document, dict) else []
    if len(lists) != 1 or not isinstance(lists[0], list):
        raise CatalogueError(f"{name}: it must be a list of media, in TOML [[media]] for each")
    return lists[0]


def _listed(place: str, written: Any) -> Listed:
    try:
        entry = _Entry.model_validate(written)
    except ValidationError as problem:
        first = problem.errors()[0]
        field = ".".join(str(each) for each in first["loc"])
        raise CatalogueError(f"{place}: {field}: {first['msg']}".replace(": :", ":")) from None
    link = read_link(entry.link)
    wrong = link.text if isinstance(link, NoLink) else unplayable(link)
    if isinstance(link, NoLink) or wrong:
        raise CatalogueError(f"{place}: {entry.link!r:.80}: {wrong}")
    series = [f"{entry.series} {entry.title}"] if entry.series else []
    return Listed(
        FoundMedia(
            type=link.type,
            id=link.id,
            title=entry.title,
            seconds=entry.seconds,
            series=entry.series,
            source="catalogue",
        ),
        tuple(words_of(name) for name in (entry.title, *entry.aliases, *series)),
    )
