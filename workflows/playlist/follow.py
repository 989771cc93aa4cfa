"""What the platform tells of its list, and what that means for the queue. Pure.

The platform is right about what stands on its list; the queue about what was asked for.
"""

from datetime import datetime

from rosey.contracts.media import FoundMedia
from rosey.events import ConnectionEvent, Outcome, PlaylistItem
from rosey.events import PlaylistChange as ListChange
from rosey.names import name_key
from workflows.playlist import answers, people, player
from workflows.playlist import order as turns
from workflows.playlist.entries import entry_of
from workflows.playlist.models import Entry, Platform, Room, Stood


def came_up(room: Room, event: ConnectionEvent) -> None:
    """The room was joined: whatever was known of its list is old."""
    room.platform = Platform(
        connected=True, session=event.id, name=event.name, items=room.platform.items
    )
    room.looked = True  # for the list is told next
    room.pending.clear()  # what was asked of the session before is void in this one
    room.recovering = room.recovering or event.first
    people.present(room, event)


def looked(room: Room, change: ListChange) -> None:
    """The list as we asked for it: of a session that we know, or have not heard of yet."""
    if room.platform.session != change.session:
        items = room.platform.items
        room.platform = Platform(session=change.session, name=change.name, items=items)
    room.platform.connected = True


def went_down(room: Room) -> None:
    room.platform.connected = room.platform.known = False


def one_change(room: Room, change: ListChange, now: datetime) -> list[Outcome]:
    """A change of the platform's list, ours or somebody else's."""
    match change.kind:
        case "locked":
            room.platform.locked = bool(change.locked)
            if not change.locked:  # then everybody may do more
                room.platform.cannot.clear()
        case "changed":
            new = {item.uid: stood_of(item) for item in change.items}
            room.platform.items = [new.get(item.uid, item) for item in room.platform.items]
            return _changed(room, list(new), now)
        case "added" if change.items:
            return _added(room, stood_of(change.items[0]), change.after, now)
        case "removed" if change.uid is not None:
            return _removed(room, change.uid, now)
        case "moved" if change.uid is not None:
            _moved(room, change.uid, change.after)
    return []


def _added(room: Room, stood: Stood, after: int | str | None, now: datetime) -> list[Outcome]:
    _insert(room.platform.items, stood, after)
    entry = _awaited(room, stood)
    if entry is None:
        return adopt(room, stood, now)
    player.learn(entry, stood)
    return answers.longer(room, entry, stood.seconds, now)


def _changed(room: Room, uids: list[int], now: datetime) -> list[Outcome]:
    """A permanent item that was made temporary waits from now on."""
    known = {entry.uid for entry in [*room.queue, *room.leaving]}
    new = [item for item in room.platform.items if item.uid in uids and item.uid not in known]
    return [outcome for stood in new for outcome in adopt(room, stood, now)]


def _awaited(room: Room, stood: Stood) -> Entry | None:
    """The entry that this is the answer to; a custom embed gets another id.

    What was asked for before the connection was lost may come late, when nobody asks any more.
    """
    if name_key(stood.by) != name_key(room.platform.name):
        return None
    told = (entry for entry in [*room.queue, *room.leaving] if entry.uid == stood.uid)
    if entry := next(told, None):
        return entry
    asked = {each.entry for each in room.pending.values() if each.edit.kind == "add"}
    missing = [
        entry
        for entry in [*room.queue, *room.leaving]
        if entry.uid is None and entry.type == stood.type
    ]
    same = [entry for entry in missing if entry.media_id == stood.media_id]
    embeds = [entry for entry in missing if entry.type == "cu" and entry.id in asked]
    return next(iter([*(each for each in same if each.id in asked), *same, *embeds]), None)


def adopt(room: Room, stood: Stood, now: datetime) -> list[Outcome]:
    """Somebody queued it on the platform itself; permanent items belong to the room."""
    on = room.playing.uid if room.playing else None
    if not stood.temp or stood.uid == on:
        return []
    media = FoundMedia(type=stood.type, id=stood.media_id, title=stood.title, seconds=stood.seconds)
    entry = entry_of(room, media, now, stood.by, uid=stood.uid, pinned=True, adopted=True)
    room.queue.insert(_place(room, stood.uid), entry)
    room.news.added.append(player.item_of(entry))
    return [Outcome(events=[player.told("item_added", entry, by=entry.added_by)])]


def _place(room: Room, uid: int) -> int:
    """Where in the queue an item stands that the platform has put on its list."""
    before = player.upcoming(room.platform)
    before = before[: before.index(uid)] if uid in before else before
    places = [n for n, entry in enumerate(room.queue) if entry.uid in before]
    return places[-1] + 1 if places else 0


def _removed(room: Room, uid: int, now: datetime) -> list[Outcome]:
    room.platform.items = [item for item in room.platform.items if item.uid != uid]
    if any(entry.uid == uid for entry in room.leaving):
        room.leaving = [entry for entry in room.leaving if entry.uid != uid]
        return []
    if room.playing and room.playing.uid == uid:
        return player.finish(room, now)
    entry = next((each for each in room.queue if each.uid == uid), None)
    if entry is None:
        return []
    entry.uid = None
    if entry.parked or _asked(room, "remove", uid):
        return []
    return [removed(room, [entry])]


def removed(room: Room, entries: list[Entry], line: str = "") -> Outcome:
    """Takes them out of the queue."""
    for entry in entries:
        turns.take(room.queue, entry, room.settings.fair)
    events = [player.told("item_removed", entry) for entry in entries]
    return Outcome(say=[line] if line else [], events=events)


def _moved(room: Room, uid: int, after: int | str | None) -> None:
    stood = next((item for item in room.platform.items if item.uid == uid), None)
    if stood is None:
        return
    room.platform.items.remove(stood)
    _insert(room.platform.items, stood, after)
    if not _asked(room, "move", uid):
        follow_order(room, {uid})


def follow_order(room: Room, moved: set[int | None]) -> None:
    """What stands on the platform's list comes in its order; what waits elsewhere stays."""
    rank = {uid: n for n, uid in enumerate(player.upcoming(room.platform))}
    places = [n for n, entry in enumerate(room.queue) if entry.uid in rank]
    entries = sorted((room.queue[n] for n in places), key=lambda entry: rank[entry.uid or 0])
    for n, entry in zip(places, entries, strict=True):
        room.queue[n] = entry
        if entry.uid in moved:
            entry.pinned, entry.filler = True, False


def _asked(room: Room, kind: str, uid: int) -> bool:
    """Whether it is what we asked for."""
    return any(each.edit.kind == kind and each.edit.uid == uid for each in room.pending.values())


def stood_of(item: PlaylistItem) -> Stood:
    media = item.media
    return Stood(
        uid=item.uid,
        type=media.type,
        media_id=media.id,
        title=media.title,
        seconds=media.seconds,
        by=item.queued_by,
        temp=item.temp,
    )


def _insert(items: list[Stood], stood: Stood, after: int | str | None) -> None:
    at = next((n + 1 for n, item in enumerate(items) if item.uid == after), len(items))
    items.insert(0 if after == "prepend" else at, stood)
