"""What plays when nobody asks for anything: something of a list that the room has kept. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from rosey.contracts.media import FoundMedia
from rosey.events import Outcome
from workflows.playlist import lately, people, player, texts
from workflows.playlist.entries import entry_of
from workflows.playlist.models import Entry, Room

# Until a list that is not there, or has nothing for us, is looked at again.
LOOK_AGAIN = timedelta(minutes=5)


def is_wanted(room: Room, now: datetime) -> bool:
    """Somebody watches, nothing waits and nobody's wish is being looked up."""
    waiting = any(not entry.parked for entry in room.queue)
    quiet = room.lull is not None and now < room.lull
    asked = waiting or room.requests or room.held
    if not room.settings.autoplay or asked or quiet or not room.loaded:
        return False
    return room.platform.connected and room.platform.known and people.watching(room) > 0


def choose(room: Room, listed: Sequence[FoundMedia], now: datetime) -> list[Outcome]:
    """Puts in what was on longest ago or never, unless somebody has asked meanwhile.

    When all of it was on within `autoplay_again`, nothing is put in until the first may come again.
    """
    if not is_wanted(room, now):
        return []
    name = room.settings.autoplay
    if not listed:
        room.lull = now + LOOK_AGAIN
        told, room.told_of = room.told_of == name, name
        return [] if told else [Outcome(say=[texts.no_autoplay(name)])]
    usable = [media for media in listed if _plays_here(room, media)]
    if not usable:
        room.lull = now + LOOK_AGAIN
        return []
    room.told_of = ""
    media = min(usable, key=lambda each: lately.last(room, each))
    again = lately.last(room, media) + timedelta(seconds=room.settings.autoplay_again)
    if again > now:
        room.lull = again
        return []
    room.lull = None
    return [_put_in(room, media, now)]


def rest_ends(room: Room, now: datetime) -> datetime | None:
    """When it is time to look again, if it was put off."""
    return room.lull if room.lull and room.lull > now else None


def gives_way(room: Room, media: FoundMedia) -> list[Entry]:
    """Takes out what was put in when somebody asks for just that; it comes in his turn."""
    key = (media.type, media.id)
    gone = [each for each in room.queue if each.filler and (each.type, each.media_id) == key]
    room.queue = [each for each in room.queue if each not in gone]
    return gone


def last_of_all(room: Room) -> None:
    """Requests come first, wherever they were put."""
    room.queue.sort(key=lambda entry: entry.filler)


def _plays_here(room: Room, media: FoundMedia) -> bool:
    on, types = room.playing, room.settings.types
    is_on = on is not None and (on.type, on.media_id) == (media.type, media.id)
    return not is_on and (not types or media.type in types)


def _put_in(room: Room, media: FoundMedia, now: datetime) -> Outcome:
    lately.note(room.chosen, [lately.thing(media.type, media.id)], now)
    entry = entry_of(room, media, now, pinned=True, filler=True, free=True)
    room.queue.append(entry)
    return Outcome(events=[player.told("item_added", entry, by="", position=len(room.queue))])
