"""Options, permissions and the message of the day (PROTOCOL section 15)."""

from __future__ import annotations

from typing import Any

from connectors.lounge import options, permissions
from connectors.lounge.house import House
from connectors.lounge.permissions import ADMIN, MODERATOR
from connectors.lounge.room import Room
from connectors.lounge.session import Session
from connectors.lounge.text import clean_html, whole

_MAX_MOTD = 20_000


def set_options(house: House, session: Session, data: Any) -> None:
    if not isinstance(data, dict):
        return
    room = _room(session)
    if session.rank < MODERATOR:
        house.kick(session, "Attempted setOptions as a non-moderator")
        return
    idle_before = room.options["afk_timeout"]
    values, answers = options.change(data, session.rank)
    for event, answer in answers:
        session.send(event, answer)
    if not values:
        return
    room.options.update(values)
    if room.options["afk_timeout"] != idle_before:
        for member in room.members:
            room.restart_afk_timer(member)
    room.broadcast("channelOpts", room.options)


def set_permissions(house: House, session: Session, data: Any) -> None:
    if not isinstance(data, dict):
        return
    room = _room(session)
    if session.rank < ADMIN:
        house.kick(session, "Attempted setPermissions as a non-admin")
        return
    shown_before = room.permissions["seeplaylist"]
    room.permissions = permissions.changed(room.permissions, data)
    room.broadcast("setPermissions", room.permissions)
    if room.permissions["seeplaylist"] != shown_before:
        for member in room.members:
            room.send_playlist(member)


def set_motd(house: House, session: Session, data: dict[str, Any]) -> None:
    room = _room(session)
    if not room.may(session, "motdedit"):
        house.kick(session, "Attempted setMotd with insufficient permission")
        return
    room.motd = clean_html(whole(data["motd"], _MAX_MOTD))
    room.broadcast("setMotd", room.motd)


def read_log(house: House, session: Session, data: Any) -> None:
    """The lounge keeps no log of a room; who may not ask is put out all the same."""
    if session.rank < ADMIN:
        house.kick(session, "Attempted readChanLog with insufficient permission")


def set_styles(house: House, session: Session, data: Any) -> None:
    """The lounge's rooms have no styles or scripts of their own."""
    if session.rank < ADMIN:
        house.kick(session, "Attempted to change styles or scripts as a non-admin")


def _room(session: Session) -> Room:
    assert session.room is not None
    return session.room
