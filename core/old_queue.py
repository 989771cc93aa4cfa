"""The queue of another bot, read from a JSON file: all of it, or what is wrong with it."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.errors import UserError
from rosey.channels import Channel
from rosey.names import LONGEST_NAME
from rosey.storage.queue import LONGEST_TITLE

LARGEST_FILE = 16 * 1024 * 1024
# Of a room; they are written in one message.
MOST_ITEMS = 2_000
LONGEST_MEDIA_ID = 2_000
LONGEST_TYPE = 20
SHOWN = 10
# As bots call them.
NAMES = {"media_type": ("media_type", "type"), "media_id": ("media_id", "id")}


@dataclass(frozen=True)
class OldItem:
    """Something that waited in the old queue; `seconds` is 0 when unknown or live."""

    type: str
    media_id: str
    title: str
    seconds: float
    added_by: str
    added_at: datetime | None


def read_old_queue(path: Path, channel: str | None = None) -> dict[str, list[OldItem]]:
    """By channel key, in order. `channel` is whose a bare list is, or which one is wanted.

    Raises UserError that names every entry and field that is wrong; then nothing is to be used.
    """
    rooms = _rooms(_parsed(path), channel)
    found: dict[str, list[OldItem]] = {}
    problems = []
    for key, entries in rooms.items():
        problems += _check(key, entries)
        found[key] = []
        for place, entry in enumerate(entries if isinstance(entries, list) else [], 1):
            try:
                found[key].append(_item(entry))
            except ValueError as problem:
                problems.append(f"{key}, entry {place}: {problem}.")
    if problems:
        raise UserError(_told(path, problems))
    return found


def _told(path: Path, problems: Sequence[str]) -> str:
    more = len(problems) - SHOWN
    rest = [f"... and {more:,} more."] if more > 0 else []
    head = f"Nothing is imported, because {path} is not sound:"
    return "\n".join([head, *problems[:SHOWN], *rest])


def _parsed(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except OSError as problem:
        raise UserError(f"{path} cannot be read: {problem.strerror}.") from None
    if len(data) > LARGEST_FILE:
        raise UserError(f"{path} is larger than {LARGEST_FILE // 1024 // 1024} MB.")
    try:
        return json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise UserError(f"{path} is not in UTF-8.") from None
    except (ValueError, RecursionError) as problem:
        raise UserError(f"{path} is no JSON: {problem}.") from None


def _rooms(given: Any, channel: str | None) -> dict[str, Any]:
    """The entries of each room that is wanted."""
    if isinstance(given, list):
        if channel is None:
            raise UserError("The file has one list; say whose it is with --channel lounge/lobby.")
        return {channel: given}
    if not isinstance(given, dict) or not given:
        raise UserError('The file has neither a list of items nor rooms: {"lounge/lobby": [...]}.')
    if channel is None:
        return given
    if channel in given:
        return {channel: given[channel]}
    if len(given) == 1:
        (entries,) = given.values()
        return {channel: entries}
    raise UserError(f"The file has no room {channel}; it has {', '.join(map(repr, given))}.")


def _check(key: str, entries: Any) -> list[str]:
    """What is wrong with a room as a whole."""
    problems = []
    try:
        Channel.parse(key)
    except ValueError as problem:
        problems.append(f"{problem}; --channel says which room is meant.")
    if not isinstance(entries, list):
        problems.append(f"{key}: there is no list of items.")
    elif len(entries) > MOST_ITEMS:
        problems.append(f"{key}: more than {MOST_ITEMS:,} items.")
    return problems


def _item(entry: Any) -> OldItem:
    """Raises ValueError: `duration: is no number of seconds`."""
    if not isinstance(entry, dict):
        raise ValueError("is no object with media_type and media_id")
    return OldItem(
        type=_needed(entry, "media_type", LONGEST_TYPE),
        media_id=_needed(entry, "media_id", LONGEST_MEDIA_ID),
        title=_text(entry, "title", LONGEST_TITLE),
        seconds=_seconds(entry.get("duration")),
        added_by=_text(entry, "added_by", LONGEST_NAME),
        added_at=_moment(entry.get("added_at")),
    )


def _needed(entry: dict[str, Any], name: str, longest: int) -> str:
    there = [each for each in NAMES[name] if entry.get(each) is not None]
    if not there:
        raise ValueError(f"{name}: is missing")
    text = _text(entry, there[0], longest).strip()
    if not text:
        raise ValueError(f"{there[0]}: is empty")
    return text


def _text(entry: dict[str, Any], name: str, longest: int) -> str:
    value = entry.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"{name}: is no text")
    if len(value) > longest:
        raise ValueError(f"{name}: has more than {longest:,} characters")
    if any(char < " " or "\ud800" <= char <= "\udfff" for char in value):
        raise ValueError(f"{name}: has control or half characters in it")
    return value


def _seconds(value: Any) -> float:
    if value is None:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("duration: is no number of seconds")
    if value < 0:
        raise ValueError("duration: is less than nothing")
    return float(value)


def _moment(value: Any) -> datetime | None:
    """ISO 8601, in UTC unless it says otherwise, or seconds since 1970."""
    if value is None:
        return None
    try:
        if isinstance(value, str):
            at = datetime.fromisoformat(value)
            return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    raise ValueError("added_at: is no time like 2026-05-01T20:00:00Z")
