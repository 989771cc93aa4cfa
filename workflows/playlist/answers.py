"""What the platform answers to our edits. Pure."""

from rosey.events import Outcome
from workflows.playlist import moves, player, texts
from workflows.playlist import order as turns
from workflows.playlist.models import Entry, Pending, Room


def done(room: Room, action_id: str, uid: int | None, seconds: float, title: str) -> list[Outcome]:
    """An edit was carried out. What was added may turn out to be too long."""
    pending = room.pending.pop(action_id, None)
    if pending is None:
        return []
    entry = _entry(room, pending)
    if pending.edit.kind != "add" or entry is None:
        return []
    entry.uid = uid if uid is not None else entry.uid
    entry.title = entry.title or title
    if entry.seconds or not seconds:
        return []
    entry.seconds = seconds
    return _too_long(room, entry)


def _too_long(room: Room, entry: Entry) -> list[Outcome]:
    """The length was not known before the platform looked; now it counts."""
    if entry not in room.queue or entry.pinned:
        return []
    seconds, entry.seconds = entry.seconds, 0.0
    over = moves.over_length(room, entry.added_by, seconds)
    entry.seconds = seconds
    if over is None:
        return []
    turns.take(room.queue, entry)
    room.leaving.append(entry)
    line = texts.too_long(entry, texts.refused(over, room.settings, entry.added_at))
    return [Outcome(say=[line], events=[player.told("item_removed", entry)])]


def refused(room: Room, action_id: str, code: str, reason: str) -> list[Outcome]:
    """An edit was not carried out, and why; with `lost` nobody knows."""
    pending = room.pending.pop(action_id, None)
    if pending is None:
        return []
    room.platform.tried = ""
    entry = _entry(room, pending)
    if code == "permission":
        return _may_not(room, pending, reason)
    if pending.edit.kind == "add" and entry:
        return [] if code == "lost" else _not_taken(room, entry, reason)
    if pending.edit.kind == "remove":
        room.leaving = [each for each in room.leaving if each.uid != pending.edit.uid]
    return []


def _may_not(room: Room, pending: Pending, reason: str) -> list[Outcome]:
    """Said once, until the room is joined afresh or its list unlocked."""
    kind = pending.edit.kind
    if kind == "remove":
        room.leaving.clear()
    if kind in ("skip", "remove") and room.playing and "skip" in room.platform.cannot:
        room.playing.skipped_by = ""
    if kind in room.platform.cannot:
        return []
    room.platform.cannot[kind] = reason
    return [Outcome(say=[texts.cannot(kind, reason)])]


def _not_taken(room: Room, entry: Entry, reason: str) -> list[Outcome]:
    """The platform does not play that: it leaves the queue, and its person hears why."""
    room.leaving = [each for each in room.leaving if each.id != entry.id]
    if entry not in room.queue:
        return []
    turns.take(room.queue, entry)
    line = texts.not_taken(entry, reason)
    return [Outcome(say=[line], events=[player.told("item_removed", entry)])]


def _entry(room: Room, pending: Pending) -> Entry | None:
    every = [*room.queue, *room.leaving]
    return next((entry for entry in every if entry.id == pending.entry), None)
