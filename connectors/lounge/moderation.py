"""Kicks, bans, mutes and ranks (PROTOCOL sections 6 and 14)."""

from __future__ import annotations

import math
from typing import Any

from connectors.lounge.cloak import cloak
from connectors.lounge.house import House
from connectors.lounge.names import key_of, valid_user
from connectors.lounge.permissions import ADMIN
from connectors.lounge.room import Ban, Room
from connectors.lounge.session import Session
from connectors.lounge.text import whole

_OWNER = 4.0
_MAX_REASON = 255
_BANNED = "You're banned!"
_RANK_SYNTAX = "Syntax: /rank <username> <rank>.  <rank> must be a positive integer > 1"
_RANK_FAILED = "Updating user rank failed: "
_EVERY_NAME = "*"


class Refused(Exception):
    """Its text is what the person is told."""


def kick(house: House, session: Session, rest: str) -> None:
    room = _room(session)
    if not room.may(session, "kick"):
        return
    name, _, reason = rest.partition(" ")
    if not name:
        session.error(
            "No kick target specified.  If you're trying to kick anonymous users, use /kickanons"
        )
        return
    target = room.find(name)
    if target is None:
        return
    if _outranks(target, session):
        session.error(f"You do not have permission to kick {target.name}")
        return
    house.kick(target, reason)
    room.whisper(f"{session.name} kicked {target.name}")


def kick_anonymous(house: House, session: Session, rest: str) -> None:
    room = _room(session)
    if not room.may(session, "kick"):
        return
    for member in list(room.members):
        if not member.name:
            house.kick(member, "anonymous user")
    room.whisper(f"{session.name} kicked anonymous users")


def ban(house: House, session: Session, rest: str) -> None:
    """A ban of the name, also of somebody who is not here."""
    room = _room(session)
    name, _, reason = rest.partition(" ")
    if not name:
        session.error("No ban target specified.")
        return
    try:
        _ban_name(house, session, room, key_of(name), reason)
    except Refused as refused:
        session.error(str(refused))


def ban_addresses(house: House, session: Session, rest: str) -> None:
    """A ban of the name and of every address it has come from."""
    room = _room(session)
    name, *words = rest.split(" ")
    if not name:
        session.error("No ban target specified.")
        return
    # ranges are left out: an address here is rarely one person's alone
    reason = " ".join(words[1:] if words[:1] in (["range"], ["wrange"]) else words)
    key = key_of(name)
    try:
        for address in list(house.addresses_of.get(key, ())):
            _ban_address(house, session, room, key, address, reason)
        if not _is_name_banned(room, key):
            _ban_name(house, session, room, key, reason)
    except Refused as refused:
        session.error(str(refused))


def _ban_name(house: House, session: Session, room: Room, key: str, reason: str) -> None:
    _check_ban_right(session, room)
    if not valid_user(key):
        raise Refused("That is not a valid username")
    if key == session.key:
        session.send("costanza", {"msg": "You can't ban yourself"})
        raise Refused("You cannot ban yourself")
    if _known_rank(house, room, key) >= session.rank:
        raise Refused(f"You don't have permission to ban {key}")
    if _is_name_banned(room, key):
        raise Refused(f"{key} is already banned")
    _add_ban(session, room, _EVERY_NAME, key, reason)
    room.whisper(f"{session.name} namebanned {key}", least=room.permissions["ban"])
    for member in [member for member in room.members if member.key == key]:
        house.kick(member, _BANNED)


def _ban_address(
    house: House, session: Session, room: Room, key: str, address: str, reason: str
) -> None:
    _check_ban_right(session, room)
    masked = cloak(address)
    names = [name for name, addresses in house.addresses_of.items() if address in addresses]
    if max(_known_rank(house, room, name) for name in names) >= session.rank:
        raise Refused(f"You don't have permission to ban IP {masked}")
    if any(ban.address == address for ban in room.bans):
        raise Refused(f"{masked} is already banned")
    _add_ban(session, room, address, key, reason)
    room.whisper(f"{session.name} banned {masked} ({key})", least=room.permissions["ban"])
    for member in list(room.members):
        if member.key == key or member.address == address:
            house.kick(member, _BANNED)


def request_banlist(house: House, session: Session, data: Any) -> None:
    room = _room(session)
    if not room.registered or not room.may(session, "ban"):
        return
    shown = [
        {
            "id": ban.id,
            "ip": ban.address
            if ban.address == _EVERY_NAME or session.is_site_admin()
            else cloak(ban.address),
            "name": ban.name,
            "reason": ban.reason,
            "bannedby": ban.by,
        }
        for ban in room.bans
    ]
    session.send("banlist", shown)


def unban(house: House, session: Session, data: dict[str, Any]) -> None:
    room = _room(session)
    if not room.may(session, "ban"):
        return
    lifted = next((ban for ban in room.bans if ban.id == data["id"]), None)
    if lifted is None:
        return
    room.bans.remove(lifted)
    moderators = room.at_least(room.permissions["ban"])
    room.broadcast("banlistRemove", {"id": lifted.id, "name": lifted.name}, to=moderators)
    room.whisper(f"{session.name} unbanned {lifted.name}", least=room.permissions["ban"])


def mute(house: House, session: Session, rest: str) -> None:
    _mute(session, rest, "/mute", shadow=False)


def shadow_mute(house: House, session: Session, rest: str) -> None:
    _mute(session, rest, "/smute", shadow=True)


def unmute(house: House, session: Session, rest: str) -> None:
    room = _room(session)
    if not room.may(session, "mute"):
        return
    name = rest.split(" ")[0]
    target = room.find(name) if name else None
    if not name:
        session.error("/unmute requires a target name")
    elif key_of(name) not in room.muted:
        session.error(f"{name} is not muted.")
    else:
        del room.muted[key_of(name)]
        room.whisper(f"{session.name} unmuted {name}", least=room.permissions["mute"])
        if target:
            target.muted = target.shadow = False
            room.tell_user("setUserMeta", target)


def _mute(session: Session, rest: str, word: str, *, shadow: bool) -> None:
    room = _room(session)
    if not room.may(session, "mute"):
        return
    name = rest.split(" ")[0].lower()
    target = room.find(name) if name else None
    if not name:
        session.error(f"{word} requires a target name")
    elif target is None:
        session.error(f"{word} target {name[:100]} not present in channel.")
    elif _outranks(target, session):
        session.error(f"{word} failed - {target.name} has equal or higher rank than you.")
    else:
        least = room.permissions["mute"]
        target.muted, target.shadow = True, shadow
        room.muted[target.key] = shadow
        room.tell_user("setUserMeta", target, to=room.at_least(least) if shadow else None)
        done = "shadowmuted" if shadow else "muted"
        room.whisper(f"{session.name} {done} {target.name}", least=least)


def rank(house: House, session: Session, rest: str) -> None:
    words = rest.split(" ")
    if len(words) < 2 or not words[1].isascii() or not words[1].isdigit():
        session.send("noflood", {"action": "/rank", "msg": _RANK_SYNTAX})
        return
    set_channel_rank(house, session, {"name": words[0], "rank": int(words[1][:4])})


def set_channel_rank(house: House, session: Session, data: dict[str, Any]) -> None:
    room = _room(session)
    if session.rank < ADMIN:
        return
    name, rank = whole(data["name"], 20), data["rank"]
    try:
        _check_rank_change(house, session, room, name, rank)
    except Refused as refused:
        session.send("channelRankFail", {"msg": str(refused)})
        return
    if rank > 1:
        room.ranks[key_of(name)] = (name, rank)
    else:
        room.ranks.pop(key_of(name), None)
    told = {"name": name, "rank": rank}
    target = room.find(name)
    if target is None:
        room.broadcast("setUserRank", told | {"userrank": session.rank})
        room.whisper(f"{session.name} set {name}'s rank to {rank:g}", least=ADMIN)
        return
    was_moderator = target.is_moderator()
    target.channel_rank = rank
    if target.is_moderator() != was_moderator:
        room.send_userlist(target)
    target.send("rank", target.rank)
    room.broadcast("setUserRank", told)


def _check_rank_change(house: House, session: Session, room: Room, name: str, rank: float) -> None:
    own = session.rank
    if not valid_user(name):
        raise Refused(f"Invalid target name {name}")
    if not (1 <= rank < own or rank == own == _OWNER) or math.floor(rank) != rank:
        raise Refused(
            _RANK_FAILED + "You can't promote someone to a rank equal or higher than yourself, "
            "or demote them to below rank 1."
        )
    if key_of(name) == session.key:
        raise Refused(_RANK_FAILED + "You can't promote or demote yourself.")
    target = room.find(name)
    if target is None and not room.registered:
        raise Refused(
            _RANK_FAILED + "in an unregistered channel, a user must be online in the channel "
            "in order to have their rank changed."
        )
    current = target.rank if target else _known_rank(house, room, name)
    if current >= own and not current == own == _OWNER:
        raise Refused(
            _RANK_FAILED + "You can't promote or demote someone who has equal or higher rank "
            "than yourself"
        )


def request_channel_ranks(house: House, session: Session, data: Any) -> None:
    room = _room(session)
    if not room.registered or session.rank < ADMIN:
        return
    kept = [room.ranks[key] for key in sorted(room.ranks)]
    ranks = [{"name": name, "rank": rank, "channel": room.key} for name, rank in kept]
    session.send("channelRanks", ranks)


def _room(session: Session) -> Room:
    assert session.room is not None
    return session.room


def _outranks(target: Session, session: Session) -> bool:
    return target.rank >= session.rank or target.global_rank > session.global_rank


def _known_rank(house: House, room: Room, name: str) -> float:
    """The rank of a name, present or not; 0 for who has none."""
    kept = room.ranks.get(key_of(name))
    return max(house.accounts.global_rank(name), kept[1] if kept else 0)


def _is_name_banned(room: Room, key: str) -> bool:
    return any(ban.address == _EVERY_NAME and ban.name == key for ban in room.bans)


def _check_ban_right(session: Session, room: Room) -> None:
    if not room.may(session, "ban"):
        raise Refused("You do not have ban permissions on this channel")


def _add_ban(session: Session, room: Room, address: str, key: str, reason: str) -> None:
    number = 1 + max((ban.id for ban in room.bans), default=0)
    room.bans.append(Ban(number, address, key, whole(reason, _MAX_REASON), session.name))
