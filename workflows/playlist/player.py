"""What plays, from its start to its end. Pure."""

from datetime import datetime, timedelta

from rosey.contracts.playlist import Ended, Item
from rosey.events import Happening, MediaEvent, Outcome
from workflows.playlist import lately, texts
from workflows.playlist import order as turns
from workflows.playlist.models import Entry, Platform, Playing, Room, Stood, Votes

# An item that ends so many seconds before its length has been cut short.
CUT = 5.0


def start(room: Room, event: MediaEvent) -> list[Outcome]:
    """Something starts, or the platform says once more what plays."""
    assert event.media
    stood = _stands(room.platform, event)
    uid = stood.uid if stood else event.uid
    started_at = event.at - timedelta(seconds=event.position)
    on = room.playing
    if on and _is_told_again(on, event, uid, started_at, temp=stood is not None and stood.temp):
        room.platform.current, room.platform.reloaded = uid, False
        if on.seconds > 0:
            on.started_at = started_at
        return []
    told = [] if _plays_again(room) else finish(room, event.at)
    room.platform.current, room.platform.reloaded = uid, False
    entry = next((each for each in room.queue if uid is not None and each.uid == uid), None)
    if entry:
        room.queue.remove(entry)
        turns.started(room.turns, entry)
    room.playing = Playing(
        uid=uid,
        entry=entry,
        type=event.media.type,
        media_id=event.media.id,
        title=event.media.title,
        seconds=event.media.seconds,
        by=entry.added_by if entry else stood.by if stood else "",
        started_at=started_at,
    )
    say = [texts.now_playing(room.playing)] if room.settings.announce else []
    return [*told, Outcome(say=say, events=[_started(room.playing)])]


def _is_told_again(
    on: Playing, event: MediaEvent, uid: int | None, started_at: datetime, temp: bool
) -> bool:
    """Whether it is what plays already.

    A temporary item is off the list once it is over; a lone permanent one starts anew. What is
    live always says that it is at its beginning.
    """
    assert event.media
    if (on.uid, on.type, on.media_id) != (uid, event.media.type, event.media.id):
        return False
    if temp or event.position > 0:
        return True
    live = on.seconds <= 0
    later = started_at - on.started_at > timedelta(seconds=CUT)
    return not (on.skipped_by or (later and not live))


def _plays_again(room: Room) -> bool:
    """Puts back what an older save of the list has once more, behind what the server plays."""
    on = room.playing
    there = any(on and item.uid == on.uid and item.temp for item in room.platform.items)
    if not (room.platform.reloaded and there and on and on.entry):
        return False
    on.entry.pinned = True
    room.queue.insert(0, on.entry)
    room.playing, room.votes = None, Votes(passed_at=room.votes.passed_at)
    return True


def finish(room: Room, at: datetime) -> list[Outcome]:
    """What plays is over: it is history, and counts with what was watched of it."""
    on, room.playing = room.playing, None
    if on is None:
        return []
    room.votes = Votes(passed_at=room.votes.passed_at)
    room.platform.current = None
    watched = max(0.0, (at - on.started_at).total_seconds())
    if on.seconds > 0:
        watched = min(watched, on.seconds)
    skipped = bool(on.skipped_by) or 0 < on.seconds - CUT > watched
    if on.entry:
        item = item_of(on.entry)
        ended = Ended(item=item, played_at=on.started_at, watched=watched, skipped=skipped)
        room.news.ended.append(ended)
        lately.remember(room, on.entry, at)
    return [Outcome(events=[_ended(on, watched, skipped)])]


def played_unseen(room: Room, entry: Entry, at: datetime) -> list[Outcome]:
    """It was on from start to end while nobody told us."""
    turns.started(room.turns, entry)
    item = item_of(entry)
    room.news.ended.append(Ended(item=item, played_at=at, watched=entry.seconds))
    lately.remember(room, entry, at)
    ended = told("item_ended", entry, watched=entry.seconds, skipped=False)
    return [Outcome(events=[told("item_started", entry), ended])]


def media_key(item: Item | Stood) -> str:
    """The same for the same thing to see."""
    return f"{item.type}:{item.media_id}"


def learn(entry: Entry, stood: Stood) -> None:
    """What the platform calls an item."""
    entry.uid = stood.uid
    entry.stood_id = stood.media_id if stood.media_id != entry.media_id else ""
    entry.title = entry.title or stood.title


def item_of(entry: Entry) -> Item:
    """What others are told of an entry."""
    return Item.model_validate(entry.model_dump(include=set(Item.model_fields)))


def upcoming(platform: Platform) -> list[int]:
    """The uids of what comes after what plays; the platform goes round at the end."""
    uids = [item.uid for item in platform.items]
    if platform.current not in uids:
        return uids
    at = uids.index(platform.current)
    return uids[at + 1 :] + uids[:at]


def told(name: str, entry: Entry, **more: object) -> Happening:
    """An event about an entry."""
    return Happening(name=name, data={"item": item_of(entry).model_dump(mode="json"), **more})


def _stands(platform: Platform, event: MediaEvent) -> Stood | None:
    """The item of the list that the event is about."""
    assert event.media
    key = f"{event.media.type}:{event.media.id}"
    same = [item for item in platform.items if media_key(item) == key]
    return next((item for item in same if item.uid == event.uid), same[0] if same else None)


def _started(on: Playing) -> Happening:
    if on.entry:
        return told("item_started", on.entry)
    return Happening(name="item_started", data={"item": _foreign(on)})


def _ended(on: Playing, watched: float, skipped: bool) -> Happening:
    data: dict[str, object] = {"watched": round(watched, 1), "skipped": skipped}
    if on.skipped_by:
        data["by"] = on.skipped_by
    if on.entry:
        return told("item_ended", on.entry, **data)
    return Happening(name="item_ended", data={"item": _foreign(on), **data})


def _foreign(on: Playing) -> dict[str, object]:
    """What plays without anybody having asked Rosey for it."""
    return {
        "id": "",
        "type": on.type,
        "media_id": on.media_id,
        "title": on.title,
        "seconds": on.seconds,
        "added_by": on.by,
    }
