"""What to change on the platform's list so that it shows what comes next. Pure.

The plan is made afresh from what is known each time everything asked for was answered, so it needs
no memory: when nothing changes any more, the list is as it should be.
"""

from collections.abc import Iterator

from rosey.contracts.playlist import Edit
from workflows.playlist import player
from workflows.playlist.models import Entry, Room

MOST_AT_ONCE = 10


def next_edits(room: Room) -> list[tuple[Edit, str]]:
    """The next few edits with the ids of the entries they are about; none while some are out."""
    platform = room.platform
    if room.pending:
        return []
    if not platform.known and not room.looked:
        return [(Edit(kind="look"), "")]
    if not (platform.connected and platform.known):
        return []
    if platform.items and platform.current not in platform.uids:
        return []  # what plays is told next, and until then no place on the list is known
    for step in (_skip, _leave, _add, _order):
        edits = [(edit, id) for edit, id in step(room) if edit.kind not in platform.cannot]
        if edits:
            return edits[:MOST_AT_ONCE]
    return []


def wanted(room: Room) -> list[Entry]:
    """What should stand on the platform's list after what plays, in order.

    The next few, and whatever stands there already: taking that off again would help nobody.
    """
    waiting = [entry for entry in room.queue if not entry.parked]
    return [
        entry
        for index, entry in enumerate(waiting)
        if index < room.settings.ahead or entry.uid is not None
    ]


def _skip(room: Room) -> Iterator[tuple[Edit, str]]:
    """Who may not skip may perhaps take away what plays."""
    on = room.playing
    if on is None or not on.skipped_by:
        return
    if "skip" not in room.platform.cannot:
        yield Edit(kind="skip"), ""
    elif on.uid is not None:
        yield Edit(kind="remove", uid=on.uid, type=on.type, media_id=on.media_id), ""


def _leave(room: Room) -> Iterator[tuple[Edit, str]]:
    aside = [entry for entry in room.queue if entry.parked and entry.uid is not None]
    for entry in [*room.leaving, *aside]:
        if entry.uid is not None:
            there = entry.stood_id or entry.media_id
            yield Edit(kind="remove", uid=entry.uid, type=entry.type, media_id=there), entry.id


def _add(room: Room) -> Iterator[tuple[Edit, str]]:
    """What is missing, in order; first things first where nothing can be moved afterwards."""
    entries = wanted(room)
    missing = [entry for entry in entries if entry.uid is None]
    if "move" in room.platform.cannot:
        missing = missing[:1]
    for entry in missing:
        first = entry is entries[0] and bool(player.upcoming(room.platform))
        yield (
            Edit(
                kind="add",
                type=entry.type,
                media_id=entry.media_id,
                title=entry.title,
                seconds=entry.seconds,
                at="next" if first else "end",
            ),
            entry.id,
        )


def _order(room: Room) -> Iterator[tuple[Edit, str]]:
    """The first that stands in a wrong place; the others may be right once it has moved.

    What was asked for comes before what the room's own list goes round with. What people have put
    on the list themselves stays where they put it, as long as the order is right.
    """
    place = {uid: index for index, uid in enumerate(player.upcoming(room.platform))}
    before, last = room.platform.current, -1
    for entry in [each for each in wanted(room) if each.uid is not None]:
        at = place.get(entry.uid or 0, -1)
        if at <= last or (at > last + 1 and not entry.adopted):
            yield _move(entry, before), entry.id
            return
        before, last = entry.uid, at


def _move(entry: Entry, after: int | None) -> Edit:
    media_id = entry.stood_id or entry.media_id
    return Edit(kind="move", uid=entry.uid, type=entry.type, media_id=media_id, after=after)
