"""Saved lists as files, to take along or to come from elsewhere: JSON, or plain links. Pure.

Chat carries no files, so they lie in the plugin's own folder, where the operator gets at them.
"""

import json
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from plugins.playlist.lists import LONGEST_MEDIA_ID, MOST_ITEMS
from rosey.channels import token
from rosey.ids import derive
from rosey.names import LONGEST_NAME
from rosey.storage.queue import LONGEST_TITLE
from rosey.storage.saved_lists import UNFIT, Entry, NoList, list_name

Format = Literal["json", "txt"]
FORMATS: tuple[Format, ...] = ("json", "txt")
VERSION = 1

LARGEST_FILE = 1024 * 1024
# Seconds; longer than anything that plays.
LONGEST = 10_000_000
_TYPE = re.compile(r"[a-z0-9]{1,20}")
_LINK = re.compile(r"\S+://\S+|[a-z0-9]{2}:\S+|<iframe\s.+", re.IGNORECASE)
_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.=-]{0,199}\.(json|txt)")


class NoFile(ValueError):
    """A file that cannot be used; says why in a sentence."""


@dataclass(frozen=True)
class Refusal:
    """An item that is not taken; `place` counts items from 1."""

    place: int
    why: str


@dataclass
class Contents:
    """What a file holds, in its order. A string is a link that is still to be looked up.

    `name` is empty when the file does not say how the list is called.
    """

    name: str = ""
    items: list[Entry | str] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)


def format_of(name: str) -> Format:
    """By how a file is called, which has to be a plain name. Raises NoFile."""
    fits = _FILE_NAME.fullmatch(name)
    if fits is None:
        raise NoFile(
            "I need the plain name of a file in my folder, without a path, that ends in .json or "
            ".txt."
        )
    return "json" if fits[1] == "json" else "txt"


def file_name(channel: str, name: str, format: Format) -> str:
    """One that no other room's lists have: `lounge=2Flobby.horror.json`."""
    room = token(channel)
    short = room if len(room) <= 120 else f"{room[:90]}-{derive('f', room)}"
    return f"{short}.{name}.{format}"


def written(name: str, entries: Sequence[Entry]) -> bytes:
    """As JSON; what is read of it again is the same."""
    items = [vars(entry) for entry in entries]
    whole = {"version": VERSION, "name": name, "items": items}
    return json.dumps(whole, ensure_ascii=False, indent=1).encode()


def written_links(entries: Sequence[Entry], url_of: Callable[[str, str], str]) -> bytes:
    """A line for each; `url_of` makes a link of type and id."""
    return "".join(f"{url_of(entry.type, entry.id)}\n" for entry in entries).encode()


def read(data: bytes, format: Format) -> Contents:
    """Raises NoFile for a file of which nothing can be used."""
    if len(data) > LARGEST_FILE:
        raise NoFile(f"That file is larger than {LARGEST_FILE // 1024 // 1024} MB.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NoFile("That file is not in UTF-8.") from None
    contents = Contents()
    found = _in_json(text, contents) if format == "json" else _in_lines(text)
    for place, given in enumerate(found, 1):
        if place > MOST_ITEMS:
            raise NoFile(f"That file has more than {MOST_ITEMS} items; please split it.")
        try:
            contents.items.append(_item(given))
        except ValueError as problem:
            contents.refused.append(Refusal(place, str(problem)))
    return contents


def fetch(folder: Path, name: str) -> bytes:
    """A file of the folder itself. Raises NoFile."""
    path = folder / name
    try:
        # A link could lead out of the folder, and a pipe never ends.
        if path.is_symlink() or not path.is_file():
            raise NoFile(f"There is no file {name} in my folder.")
        with path.open("rb") as file:
            return file.read(LARGEST_FILE + 1)
    except OSError as problem:
        raise NoFile(f"The file {name} cannot be read: {problem.strerror}.") from None


def store(folder: Path, name: str, data: bytes) -> None:
    """Whole or not at all. Raises NoFile."""
    fresh = folder / f".{name}.new"
    try:
        fresh.write_bytes(data)
        fresh.replace(folder / name)
    except OSError as problem:
        raise NoFile(f"The file {name} cannot be written: {problem.strerror}.") from None


def _in_json(text: str, contents: Contents) -> list[Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise NoFile(f"That file is no JSON: {problem}.") from None
    if isinstance(found, dict):
        if found.get("version", VERSION) != VERSION:
            raise NoFile(f"That file is of another version; I read version {VERSION}.")
        contents.name = _name(found.get("name", ""))
        found = found.get("items")
    if not isinstance(found, list):
        raise NoFile('That file has no list of items: [...] or {"items": [...]}.')
    return found


def _in_lines(text: str) -> Iterator[str]:
    """Without empty lines and those that begin with #."""
    lines = (line.strip() for line in text.splitlines())
    return (line for line in lines if line and not line.startswith("#"))


def _name(given: Any) -> str:
    if given == "":
        return ""
    try:
        return list_name(given if isinstance(given, str) else "")
    except NoList as problem:
        raise NoFile(f"In that file the list's name is none. {problem}") from None


def _item(given: Any) -> Entry | str:
    """Raises ValueError with what is wrong: `the title is no text`."""
    if isinstance(given, str):
        return _link(given)
    if not isinstance(given, dict):
        raise ValueError("it is neither a link nor an object with type and id")
    kind = _text(given, "type", 20)
    if not _TYPE.fullmatch(kind):
        raise ValueError("the type is none like yt")
    id = _text(given, "id", LONGEST_MEDIA_ID)
    if not id.strip():
        raise ValueError("there is no id")
    _check_length(id)
    return Entry(
        type=kind,
        id=id,
        title=_text(given, "title", LONGEST_TITLE),
        seconds=_seconds(given.get("seconds")),
        added_by=_text(given, "added_by", LONGEST_NAME),
    )


def _link(text: str) -> str:
    link = text.strip()
    if UNFIT.search(link) or not _LINK.fullmatch(link):
        raise ValueError(f"“{UNFIT.sub('?', link)[:30]}” is no link")
    _check_length(link)
    return link


def _check_length(link: str) -> None:
    if len(link.encode()) > LONGEST_MEDIA_ID:
        raise ValueError(f"a link has at most {LONGEST_MEDIA_ID:,} bytes")


def _text(given: dict[str, Any], name: str, longest: int) -> str:
    value = given.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"the {name} is no text")
    if len(value) > longest:
        raise ValueError(f"the {name} has more than {longest:,} characters")
    if UNFIT.search(value):
        raise ValueError(f"the {name} has control characters in it")
    return value


def _seconds(value: Any) -> float:
    if value is None:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("the seconds are no number")
    if not 0 <= value <= LONGEST or math.isnan(value):
        raise ValueError("the seconds are no length of time")
    return float(value)
