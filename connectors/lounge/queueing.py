"""Requests that change the playlist (PROTOCOL section 9). Without the right: silence."""

from __future__ import annotations

from typing import Any

from connectors.lounge.house import House
from connectors.lounge.limits import Rate
from connectors.lounge.media import LIVE_TYPES, RAW_TYPES, Media, Refused, link_of, requested
from connectors.lounge.playlist import MOST, Item
from connectors.lounge.room import Room
from connectors.lounge.session import Session
from connectors.lounge.text import escape

_NEWCOMERS = Rate(3, 1, 3)
_MODERATORS = Rate(10, 2, 5)
_LIST_SECONDS = 60.0
_LIST_TOO_OFTEN = (
    "Get Playlist URLs is limited to 1 usage every 60 seconds.  Please try again later."
)


def queue(house: House, session: Session, data: dict[str, Any]) -> None:
    """`title` and `duration` (s) come from the request: nothing is looked up."""
    room = _room(session)
    id, kind, next_up = data["id"], data["type"], data["pos"] == "next"
    if not room.may(session, "playlistadd") or data["pos"] not in ("end", "next"):
        return
    if not isinstance(id, str) or not id or (next_up and not room.may(session, "playlistnext")):
        return
    try:
        _check_kind(room, session, kind)
        rate = _MODERATORS if session.is_moderator() else _NEWCOMERS
        if session.queue_limit.refuses(rate, house.clock.time()):
            raise NotAdded("You are adding videos too quickly")
        title = data.get("title")
        media = requested(
            kind, id, title if isinstance(title, str) else "", data.get("duration", 0)
        )
        temp = bool(data.get("temp")) or not room.may(session, "addnontemp")
        _check_room_for(room, session, media, next_up=next_up)
        _add(room, session, media, temp, next_up=next_up)
    except (Refused, NotAdded) as refused:
        told = str(refused) if isinstance(refused, NotAdded) else escape(str(refused))
        session.send("queueFail", {"msg": told, "link": link_of(kind, id), "id": id})


class NotAdded(Exception):
    """Its text is what the person is told; none of it is his own."""


def _check_kind(room: Room, session: Session, kind: str) -> None:
    if kind == "yp" and not room.may(session, "playlistaddlist"):
        raise NotAdded("You don't have permission to add playlists")
    if kind in LIVE_TYPES and not room.may(session, "playlistaddlive"):
        raise NotAdded("You don't have permission to add live media")
    if kind == "cu" and not room.may(session, "playlistaddcustom"):
        raise NotAdded("You don't have permission to add custom embeds")
    if kind in RAW_TYPES and not room.may(session, "playlistaddrawfile"):
        raise NotAdded("You don't have permission to add raw video files")


def _check_room_for(room: Room, session: Session, media: Media, *, next_up: bool) -> None:
    playlist, options = room.screen.playlist, room.options
    longest = options["maxlength"]
    if longest and media.seconds > longest and not room.may(session, "exceedmaxlength"):
        raise NotAdded(
            f"Video exceeds the maximum length set by the channel admin: {longest} seconds"
        )
    if len(playlist.items) >= MOST:
        raise NotAdded(f"Playlist limit reached ({MOST})")
    double = None if options["allow_dupes"] else playlist.find_media(media.id)
    if double and (double is playlist.current or not next_up):
        raise NotAdded("This item is already on the playlist")
    own = playlist.queued_by(session.name)
    most = options["playlist_max_per_user"]
    if most and len(own) >= most and not room.may(session, "exceedmaxitems"):
        raise NotAdded("Channel limit exceeded: maximum number of videos per user")
    longest = options["playlist_max_duration_per_user"]
    total = media.seconds + sum(item.media.seconds for item in own)
    if longest and total > longest and not room.may(session, "exceedmaxdurationperuser"):
        raise NotAdded("Channel limit exceeded: maximum total playlist time per user")


def _add(room: Room, session: Session, media: Media, temp: bool, *, next_up: bool) -> None:
    """What is on the list already is moved up: the old one goes, a new one comes."""
    screen = room.screen
    double = None if room.options["allow_dupes"] else screen.playlist.find_media(media.id)
    if double:
        temp = double.temp
        screen.delete(double)
    screen.add(media, temp, session.name, following=next_up)


def delete(house: House, session: Session, data: Any) -> None:
    room = _room(session)
    item = item_of(room, data)
    if item and room.may(session, "playlistdelete"):
        room.screen.delete(item)


def move(house: House, session: Session, data: dict[str, Any]) -> None:
    room = _room(session)
    item = item_of(room, data["from"])
    if item and room.may(session, "playlistmove"):
        room.screen.move(item, data["after"])


def set_temp(house: House, session: Session, data: dict[str, Any]) -> None:
    room = _room(session)
    item = item_of(room, data["uid"])
    if item and room.may(session, "settemp"):
        room.screen.set_temp(item, data["temp"])


def shuffle(house: House, session: Session, data: Any) -> None:
    room = _room(session)
    if room.may(session, "playlistshuffle"):
        room.screen.shuffle()


def clear(house: House, session: Session, data: Any) -> None:
    room = _room(session)
    if room.may(session, "playlistclear"):
        room.screen.clear()


def toggle_lock(house: House, session: Session, data: Any) -> None:
    room = _room(session)
    if room.may(session, "playlistlock"):
        room.screen.toggle_lock()


def request_list(house: House, session: Session, data: Any) -> None:
    now, last = house.clock.time(), session.list_asked_at
    if last is not None and now - last < _LIST_SECONDS:
        session.error(_LIST_TOO_OFTEN, code="REQ_PLAYLIST_LIMIT_REACHED")
        return
    session.list_asked_at = now
    _room(session).screen.send_list(session)


def item_of(room: Room, uid: Any) -> Item | None:
    """The item of a bare number; anything else is nobody's."""
    if isinstance(uid, bool) or not isinstance(uid, int | float):
        return None
    return room.screen.playlist.find(uid)


def _room(session: Session) -> Room:
    assert session.room is not None
    return session.room
