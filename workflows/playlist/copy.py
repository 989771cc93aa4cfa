"""The copy of the queue in the database, and what is written beside it. Pure."""

from hashlib import sha256

from rosey.contracts.playlist import Item, PlaylistChange
from rosey.events import Outcome
from rosey.names import name_key
from workflows.playlist import player, texts
from workflows.playlist.models import Entry, News, Room


def is_news(room: Room) -> bool:
    """Whether the database does not know everything yet."""
    return bool(room.news.added or room.news.ended) or room.copied != in_short(room)


def news(room: Room) -> PlaylistChange:
    """What is new, to be written as one change; from here on it counts as told."""
    room.changes += 1
    changed = room.copied != in_short(room)
    change = PlaylistChange(
        id=f"{room.era}-{room.changes}",
        channel=room.channel,
        queue=[player.item_of(entry) for entry in _everything(room)] if changed else None,
        added=room.news.added,
        ended=room.news.ended,
        history_days=room.settings.history_days,
    )
    room.news = News()
    room.copied = in_short(room)
    return change


def in_short(room: Room) -> str:
    """Changes whenever the queue does."""
    parts = (f"{each.id} {each.parked} {each.seconds} {each.title}" for each in _everything(room))
    return sha256("\n".join(parts).encode()).hexdigest()[:16]


def _everything(room: Room) -> list[Entry]:
    """What would be missed: what plays begins again when all else is lost."""
    on = [room.playing.entry] if room.playing and room.playing.entry else []
    return [entry for entry in [*on, *room.queue, *room.held] if not entry.filler]


def loaded(room: Room, items: list[Item]) -> list[Outcome]:
    """Joins what the database knew to what the platform's list has shown meanwhile."""
    room.loaded = True
    if room.settings.restore == "never":
        return [Outcome(say=[texts.not_recovered(len(items))])] if items else []
    on = room.playing.entry if room.playing else None
    there = [*([on] if on else []), *room.queue]
    place = 0
    for item in items:
        known = next((entry for entry in there if _same(entry, item)), None)
        if known is None:
            room.queue.insert(place, Entry(**item.model_dump(), pinned=True))
            place += 1
            continue
        there.remove(known)
        if known is not on:
            place = room.queue.index(known) + 1
        if name_key(known.added_by) == name_key(room.platform.name):
            known.added_by, known.added_at = item.added_by, item.added_at
        if room.playing and known is on:
            room.playing.by = known.added_by
    return _recovered(room, len(items))


def _recovered(room: Room, count: int) -> list[Outcome]:
    """Said once: by what is told of the whole list, when that is still to come."""
    if not count:
        return []
    room.recovering = not room.platform.known
    return [] if room.recovering else [Outcome(say=[texts.recovered(count)])]


def _same(entry: Entry, item: Item) -> bool:
    """Whether it was made of the platform's word for that thing."""
    return (entry.type, entry.media_id) == (item.type, item.media_id)
