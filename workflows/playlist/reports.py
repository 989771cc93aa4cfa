"""What people are told of the queue who only look. Pure."""

from datetime import datetime

from rosey.durable import Order
from rosey.events import Outcome
from rosey.names import name_key
from workflows.playlist import forecast, moves, texts
from workflows.playlist.models import PlaylistState, Room


def read(room: Room, order: Order, now: datetime) -> Outcome:
    """The lines that answer !queue, !now, !when or !find."""
    match order.action:
        case "now":
            return Outcome(say=[texts.on_now(room.playing, now)])
        case "when":
            return Outcome(say=[_when(room, order, now)])
        case "find":
            return Outcome(say=_find(room, order.text, now))
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


def _find(room: Room, text: str, now: datetime) -> list[str]:
    """Items whose title or person has these words."""
    words = text.lower().split()
    if not words:
        return [texts.FIND_WHAT]
    starts = forecast.starts(room.queue, room.playing, now)
    found = [
        texts.line(number, entry, start, now)
        for number, (entry, start) in enumerate(zip(room.queue, starts, strict=True), 1)
        if all(word in f"{entry.title} {entry.media_id} {entry.added_by}".lower() for word in words)
    ]
    more = len(found) - texts.PAGE
    return [*found[: texts.PAGE], *([f"… and {more} more."] if more > 0 else [])] or [
        texts.NOT_FOUND
    ]


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
