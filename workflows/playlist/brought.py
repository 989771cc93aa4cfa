"""Another bot's queue, which an operator brings into one that runs. Pure."""

from collections import Counter
from datetime import datetime

from rosey.contracts.media import FoundMedia
from rosey.contracts.playlist import Item
from rosey.contracts.playlist_import import BringIn, BroughtIn, BroughtItem
from rosey.durable import Order
from rosey.events import Happening, Outcome
from rosey.names import name_key
from workflows.playlist import player, texts
from workflows.playlist.entries import entry_of
from workflows.playlist.models import Entry, Room


def bring_in(room: Room, order: Order, now: datetime) -> tuple[Outcome, BroughtIn]:
    """What is not there yet goes behind what is, in its order; no limits hold.

    Gives what the room hears and what the operator does.
    """
    given = BringIn.model_validate(order.event)
    there = Counter(_likeness(each) for each in _everything(room))
    told: list[Happening] = []
    for item in given.items:
        if there[_likeness(item)] >= item.nth:
            continue
        there[_likeness(item)] += 1
        entry = _entry(room, item, now)
        room.queue.append(entry)
        told.append(player.told("item_added", entry, by=order.user, position=len(room.queue)))
    count = given.before + len(told)
    said = [texts.loaded(count, 0, "")] if given.last and count else []
    done = BroughtIn(
        run=given.run,
        added=len(told),
        known=len(given.items) - len(told),
        waiting=len(room.queue),
    )
    return Outcome(say=said, events=told), done


def _everything(room: Room) -> list[Entry]:
    """What plays counts: brought in a moment ago, it may have been the first."""
    on = [room.playing.entry] if room.playing and room.playing.entry else []
    return [*on, *room.queue, *room.held]


def _likeness(item: Item | BroughtItem) -> tuple[str, str, str]:
    return item.type, item.media_id, name_key(item.added_by)


def _entry(room: Room, item: BroughtItem, now: datetime) -> Entry:
    """Pinned, because turns would put it in another order."""
    media = FoundMedia(type=item.type, id=item.media_id, title=item.title, seconds=item.seconds)
    at = item.added_at or now
    return entry_of(room, media, at, item.added_by, pinned=True, free=True)
