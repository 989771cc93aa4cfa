"""What a change of a room's playlist changes in its tables."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from rosey.contracts.playlist import Ended, PlaylistChange
from rosey.contracts.storage import MOST_ROWS, Row
from rosey.names import LONGEST_NAME, name_key
from rosey.storage.queue import LONGEST_TITLE, kept_seconds, kept_text, replacement

Operation = dict[str, Any]

# One transaction takes 1000 operations, of which a person needs two.
MOST_PEOPLE = 400
LONGEST_HISTORY = 36_500
# How much later a room's change has to be for an earlier one to be forgotten.
KNOWN_FOR = timedelta(days=90)


@dataclass
class Counted:
    """What a change adds to one person's statistics; seconds."""

    name: str
    added: int = 0
    played: int = 0
    skipped: int = 0
    seconds_added: float = 0.0
    seconds_played: float = 0.0
    last_add: datetime | None = None


def operations(change: PlaylistChange, at: datetime) -> list[Operation]:
    """For one batch, which is refused as a conflict when the change is written already.

    `at` is when it was to be written. Of more than 400 people the first by name are counted.
    """
    found = _mark(change, at)
    if change.queue is not None:
        found += replacement(change.channel, change.queue)
    found += _history(change, at)
    # In the same order everywhere, so that two rooms that change the same people do not lock.
    for person, counted in sorted(people(change).items())[:MOST_PEOPLE]:
        found += _statistics(change.channel, person, counted)
    return found


def people(change: PlaylistChange) -> dict[str, Counted]:
    """By the key of the name; what nobody has added counts for nobody."""
    found: dict[str, Counted] = {}

    def of(name: str) -> Counted:
        return found.setdefault(name_key(name), Counted(name))

    for item in change.added:
        counted = of(item.added_by)
        counted.added += 1
        counted.seconds_added += kept_seconds(item.seconds)
        counted.last_add = max(item.added_at, counted.last_add or item.added_at)
    for ended in change.ended:
        counted = of(ended.item.added_by)
        counted.played += 1
        counted.skipped += ended.skipped
        counted.seconds_played += kept_seconds(ended.watched)
    found.pop("", None)
    return found


def _mark(change: PlaylistChange, at: datetime) -> list[Operation]:
    """A change that is there already stops the batch here."""
    values = {"change_id": change.id, "channel": change.channel, "at": at}
    old = {"channel": change.channel, "at": {"$lt": at - KNOWN_FOR}}
    return [
        {"op": "insert", "table": "changes", "values": values},
        {"op": "delete", "table": "changes", "filter": old},
    ]


def _history(change: PlaylistChange, at: datetime) -> list[Operation]:
    rows = [_played(change.channel, ended) for ended in change.ended]
    found: list[Operation] = [
        {"op": "insert", "table": "history", "values": rows[first : first + MOST_ROWS]}
        for first in range(0, len(rows), MOST_ROWS)
    ]
    if 0 < change.history_days <= LONGEST_HISTORY:
        before = at - timedelta(days=change.history_days)
        old = {"channel": change.channel, "played_at": {"$lt": before}}
        found.append({"op": "delete", "table": "history", "filter": old})
    return found


def _played(channel: str, ended: Ended) -> Row:
    item, seconds = ended.item, kept_seconds(ended.item.seconds)
    return {
        "channel": channel,
        "item_id": item.id,
        "media_type": item.type,
        "media_id": kept_text(item.media_id),
        "title": kept_text(item.title, LONGEST_TITLE),
        "duration": seconds,
        "added_by": kept_text(item.added_by, LONGEST_NAME),
        "name_key": kept_text(name_key(item.added_by)),
        "played_at": ended.played_at,
        "play_duration": 0.0 if ended.skipped else seconds,
        "watched_seconds": kept_seconds(ended.watched),
        "skipped": ended.skipped,
    }


def _statistics(channel: str, person: str, counted: Counted) -> list[Operation]:
    """Of all rooms together, and of this one."""
    person = kept_text(person)
    changed: dict[str, Any] = {
        "$inc": {
            "items_added": counted.added,
            "items_played": counted.played,
            "items_skipped": counted.skipped,
            "total_duration_added": counted.seconds_added,
            "total_duration_played": counted.seconds_played,
        }
    }
    if counted.last_add:
        changed["$max"] = {"last_add": counted.last_add}
    named = {"$set": {"username": kept_text(counted.name, LONGEST_NAME)}}
    return [
        _upsert("user_stats", {"user_id": person}, changed),
        _upsert("room_stats", {"channel": channel, "user_id": person}, changed | named),
    ]


def _upsert(table: str, filter: Row, update: Operation) -> Operation:
    return {"op": "update", "table": table, "filter": filter, "update": update, "upsert": True}
