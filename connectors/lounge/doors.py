"""Coming in: joinChannel, login, the password of a room (PROTOCOL section 5)."""

from __future__ import annotations

import time
from typing import Any

from connectors.lounge.accounts import LoginRefused
from connectors.lounge.frames import MISSING
from connectors.lounge.house import House
from connectors.lounge.names import INVALID_ROOM, valid_room
from connectors.lounge.permissions import MODERATOR
from connectors.lounge.room import Room
from connectors.lounge.session import Session
from connectors.lounge.settings import Account

NAME_IN_USE = "That name is already in use on this channel."
NO_ANONYMOUS = "This channel has blocked anonymous users.  Please provide a user name to join."
BANNED = "You are banned from this channel."


def join(house: House, session: Session, data: Any) -> None:
    """joinChannel: only the first one on a connection counts."""
    if session.room or not isinstance(data, dict) or not isinstance(data.get("name"), str):
        return
    if not valid_room(data["name"]):
        session.error(INVALID_ROOM)
        house.kick(session, "Invalid channel name")
        return
    room = session.room = house.room(data["name"])
    password = room.options["password"]
    if password and data.get("pw") != password:
        session.locked = "password"
        session.send("needPassword", "pw" in data)
    elif room.options["block_anonymous_users"] and not session.name:
        session.locked = "name"
        session.error(NO_ANONYMOUS)
    if session.account:
        _give_channel_rank(house, session, room)
    if not session.locked and not session.inside:
        _enter(house, session, room)


def channel_password(house: House, session: Session, data: Any) -> None:
    room = session.room
    if room is None or session.locked != "password":
        return
    if data != room.options["password"]:
        session.send("needPassword", True)
        return
    session.send("cancelNeedPassword")
    _enter(house, session, room)


def login(house: House, session: Session, data: Any) -> None:
    """With `pw` an account, without it a guest. A login that succeeded is for good."""
    if data is MISSING or isinstance(data, str | int | float):
        session.error("Invalid login frame")
        return
    if not isinstance(data, dict) or not isinstance(data.get("name"), str) or session.name:
        return
    password = data.get("pw")
    try:
        if isinstance(password, str) and password:
            _log_in(house, session, house.accounts.check(data["name"], password))
        else:
            _check_guest(house, session, data["name"])
            _log_in_guest(house, session, data["name"])
    except LoginRefused as refused:
        session.send("login", {"success": False, "error": str(refused)})


def _check_guest(house: House, session: Session, name: str) -> None:
    delay = house.settings.guest_login_seconds
    last = house.guest_login_at.get(session.address)
    if delay and last is not None and time.monotonic() - last < delay:
        raise LoginRefused(
            f"Guest logins are restricted to one per IP address per {delay:g} seconds."
        )
    house.accounts.check_guest(name)
    if session.room and session.room.find(name):
        raise LoginRefused(NAME_IN_USE)


def _log_in_guest(house: House, session: Session, name: str) -> None:
    house.guest_login_at[session.address] = time.monotonic()
    _take_name(house, session, name, 0, None)
    room = session.room
    if room and session.locked == "name":
        _enter(house, session, room)


def _log_in(house: House, session: Session, account: Account) -> None:
    _take_name(house, session, account.name, account.global_rank, account)
    room = session.room
    if room is None:
        return
    _give_channel_rank(house, session, room)
    if session.locked == "name":
        _enter(house, session, room)
    elif session.inside and room.is_banned(session):
        house.kick(session, BANNED)
        room.whisper(f"{session.name} was kicked (name is banned)")


def _take_name(
    house: House, session: Session, name: str, rank: float, account: Account | None
) -> None:
    session.become(name, rank, account)
    house.record_login(session)
    session.send("rank", session.rank)
    room = session.room if session.inside else None
    if room and session.is_moderator():
        room.send_userlist(session)
    answer = {"success": True, "name": name}
    session.send("login", answer if account else answer | {"guest": True})
    if room:
        _introduce(house, session, room)
        room.restart_afk_timer(session)


def _give_channel_rank(house: House, session: Session, room: Room) -> None:
    was_moderator = session.is_moderator()
    session.channel_rank = room.rank_of(session.name)
    session.send("rank", session.rank)
    if session.inside:
        if session.is_moderator() and not was_moderator:
            room.send_userlist(session)
        room.send_playlist(session)
    elif session.locked == "password" and session.rank >= MODERATOR:
        _enter(house, session, room)
        session.send("cancelNeedPassword")
    room.broadcast("setUserRank", {"name": session.name, "rank": session.rank})


def _enter(house: House, session: Session, room: Room) -> None:
    if room.is_banned(session):
        house.kick(session, BANNED)
        return
    # the room may have been closed and opened again while this one waited outside
    room = session.room = house.rooms.setdefault(room.key, room)
    session.locked = ""
    if session.name:
        _introduce(house, session, room)
    room.screen.wake()
    room.send_entry(session)
    room.add(session)
    room.send_userlist(session)
    room.count()
    if not room.registered:
        session.send("channelNotRegistered")


def _introduce(house: House, session: Session, room: Room) -> None:
    """Tell who is inside about a name. A mute outlasts the connection it was given to."""
    _kick_duplicates(house, session, room)
    session.aliases = session.aliases or [session.name]
    session.muted = session.key in room.muted
    session.shadow = room.muted.get(session.key, False)
    room.tell_user("addUser", session)
    room.whisper(f"{session.name} joined (aliases: {','.join(session.aliases)})")


def _kick_duplicates(house: House, session: Session, room: Room) -> None:
    for other in list(room.members):
        if other is not session and other.key == session.key:
            house.kick(other, "Duplicate login")
            if not session.inside:
                session.send("userLeave", {"name": other.name})
