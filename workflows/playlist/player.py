"""What plays, from its start to its end. Pure."""

from datetime import datetime, timedelta

from rosey.contracts.playlist import Ended, Item
from rosey.events import Happening, MediaEvent, Outcome
from workflows.playlist import order as turns
from workflows.playlist import texts
from workflows.playlist.models import Entry, Platform, Playing, Room, Stood, Votes

# An item that ends so many seconds before its length has been cut short.
CUT = 5.0
MOST_PLAYED = 500


def start(room: Room, event: MediaEvent) -> list[Outcome]:
    """Something starts, or the platform says once more what plays."""
    assert event.media
    stood = _stands(room.platform, event)
    uid = stood.uid if stood else event.uid
    started_at = event.at - timedelta(seconds=event.position)
    on = room.playing
    if on and _is_told_again(on, event, uid, started_at):
        on.started_at, room.platform.current = started_at, uid
        return []
    told = finish(room, event.at)
    room.platform.current = uid
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


def _is_told_again(on: Playing, event: MediaEvent, uid: int | None, started_at: datetime) -> bool:
    """Whether it is what plays already; a lone permanent item starts anew after its end."""
    assert event.media
    if (on.uid, on.type, on.media_id) != (uid, event.media.type, event.media.id):
        return False
    begins = event.position <= 0 and started_at - on.started_at > timedelta(seconds=CUT)
    return not (begins or on.skipped_by)


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
        _remember(room, on.entry, at)
    return [Outcome(events=[_ended(on, watched, skipped)])]


def played_unseen(room: Room, entry: Entry, at: datetime) -> list[Outcome]:
    """It was on from start to end while nobody told us."""
    item = item_of(entry)
    room.news.ended.append(Ended(item=item, played_at=at, watched=entry.seconds))
    _remember(room, entry, at)
    ended = told("item_ended", entry, watched=entry.seconds, skipped=False)
    return [Outcome(events=[told("item_started", entry), ended])]


def _remember(room: Room, entry: Entry, at: datetime) -> None:
    room.played.pop(media_key(entry), None)
    room.played[media_key(entry)] = at
    while len(room.played) > MOST_PLAYED:
        del room.played[next(iter(room.played))]


def media_key(item: Item | Stood) -> str:
    """The same for the same thing to see."""
    return f"{item.type}:{item.media_id}"


def learn(entry: Entry, stood: Stood) -> None:
    """What the platform found out about an item; its word on the length is the real one."""
    entry.uid = stood.uid
    entry.media_id = stood.media_id
    entry.title = entry.title or stood.title
    entry.seconds = stood.seconds or entry.seconds


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
