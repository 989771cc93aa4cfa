"""What the platform answers to our edits. Pure."""

from datetime import datetime

from rosey.events import Outcome
from workflows.playlist import limits, player, texts
from workflows.playlist import order as turns
from workflows.playlist.models import Entry, Pending, Room


def done(
    room: Room, action_id: str, uid: int | None, seconds: float, title: str, now: datetime
) -> list[Outcome]:
    """An edit was carried out. The list tells of it too, before or after this."""
    pending = room.pending.pop(action_id, None)
    if pending is None:
        return []
    entry = _entry(room, pending)
    if pending.edit.kind != "add" or entry is None:
        return []
    if entry.uid is None:  # a list that has come since knows better
        entry.uid = uid
    entry.title = entry.title or title
    return longer(room, entry, seconds, now)


def longer(room: Room, entry: Entry, seconds: float, now: datetime) -> list[Outcome]:
    """The platform tells how long an item is; it may be longer than it was thought to be."""
    before, entry.seconds = entry.seconds, 0.0
    over = limits.over_length(room, entry.added_by, seconds, now)
    entry.seconds = seconds or before
    if over is None or entry.seconds <= before or entry.pinned or entry.free:
        return []
    if entry not in room.queue:
        return []
    turns.take(room.queue, entry, room.settings.fair)
    room.leaving.append(entry)
    line = texts.too_long(entry, texts.refused(over, room.settings, now))
    return [Outcome(say=[line], events=[player.told("item_removed", entry)])]


def refused(room: Room, action_id: str, code: str, reason: str) -> list[Outcome]:
    """An edit was not carried out, and why; with `lost` nobody knows.

    `gone`: it was for a list that is not there any more, and is asked for again.
    """
    pending = room.pending.pop(action_id, None)
    if pending is None:
        return []
    room.platform.tried = ""
    entry = _entry(room, pending)
    if code == "permission":
        return _may_not(room, pending, reason)
    if pending.edit.kind == "add" and entry:
        return [] if code in ("lost", "gone") else _not_taken(room, entry, reason)
    if pending.edit.kind == "remove":
        room.leaving = [each for each in room.leaving if each.uid != pending.edit.uid]
    return []


def _may_not(room: Room, pending: Pending, reason: str) -> list[Outcome]:
    """Said once, until the room is joined afresh or its list unlocked."""
    kind = pending.edit.kind
    if kind == "remove":
        room.leaving.clear()
    known = kind in room.platform.cannot
    room.platform.cannot.setdefault(kind, reason)
    if room.playing and {"skip", "remove"} <= set(room.platform.cannot):
        room.playing.skipped_by = ""
    if known:
        return []
    return [Outcome(say=[texts.cannot(kind, reason)])]


def _not_taken(room: Room, entry: Entry, reason: str) -> list[Outcome]:
    """The platform does not play that: it leaves the queue, and its person hears why."""
    room.leaving = [each for each in room.leaving if each.id != entry.id]
    if entry not in room.queue:
        return []
    turns.take(room.queue, entry, room.settings.fair)
    line = texts.not_taken(entry, reason)
    return [Outcome(say=[line], events=[player.told("item_removed", entry)])]


def _entry(room: Room, pending: Pending) -> Entry | None:
    every = [*room.queue, *room.leaving]
    return next((entry for entry in every if entry.id == pending.entry), None)
