"""What people are told of the queue who only look. Pure."""

from datetime import datetime

from rosey.durable import Order
from rosey.events import Outcome
from rosey.names import name_key
from workflows.playlist import forecast, moves, texts
from workflows.playlist.models import PlaylistState, Room


def read(room: Room, order: Order, now: datetime) -> Outcome:
    """The lines that answer !queue, !now or !when."""
    match order.action:
        case "now":
            return Outcome(say=[texts.on_now(room.playing, now)])
        case "when":
            return Outcome(say=[_when(room, order, now)])
    page = order.text.strip()
    starts = forecast.starts(room.queue, room.playing, now)
    number = int(page[:4]) if page.isascii() and page.isdigit() else 1
    return Outcome(say=texts.queue(room, starts, number, now))


def _when(room: Room, order: Order, now: datetime) -> str:
    """When an item starts: that of the number, or the first of one's own."""
    text = order.text.strip().lstrip("#")
    if text:
        entry = moves.numbered(room, text)
    else:
        own = (each for each in room.queue if name_key(each.added_by) == name_key(order.user))
        entry = next(own, None)
    if entry is None:
        return (
            "That is not in the queue; !queue shows the numbers." if text else texts.NOTHING_YOURS
        )
    number = room.queue.index(entry) + 1
    start = forecast.starts(room.queue, room.playing, now)[number - 1]
    return texts.line(number, entry, start, now)


def state(room: Room) -> PlaylistState:
    return PlaylistState(
        channel=room.channel,
        connected=room.platform.connected,
        playing=texts.now_playing(room.playing),
        waiting=len(room.queue),
        on_platform=sum(entry.uid is not None for entry in room.queue),
        held=len(room.held),
        parked=sum(entry.parked for entry in room.queue),
        pending=len(room.pending),
        cannot=room.platform.cannot,
        unrecorded=len(room.news.added) + len(room.news.ended) + bool(room.writing),
    )
