"""Requests about what plays: skips, votes, the leader (PROTOCOL sections 9, 10 and 12)."""

from __future__ import annotations

from typing import Any

from connectors.lounge.house import House
from connectors.lounge.queueing import item_of
from connectors.lounge.room import Room
from connectors.lounge.session import Session


def play_next(house: House, session: Session, data: Any) -> None:
    room = _room(session)
    if room.screen.playlist.current and room.may(session, "playlistjump"):
        room.screen.play_next()


def jump_to(house: House, session: Session, data: Any) -> None:
    room = _room(session)
    item = item_of(room, data)
    if item and room.may(session, "playlistjump"):
        room.screen.jump(item)


def player_ready(house: House, session: Session, data: Any) -> None:
    _room(session).screen.send_current(session)


def vote_to_skip(house: House, session: Session, data: Any) -> None:
    room = _room(session)
    if not room.options["allow_voteskip"] or not room.may(session, "voteskip"):
        return
    if room.screen.playlist.current:
        room.screen.vote(session)


def assign_leader(house: House, session: Session, data: dict[str, Any]) -> None:
    """The name in its exact spelling, or nothing to take the clock back."""
    room, name = _room(session), data["name"]
    if not room.may(session, "leaderctl"):
        house.kick(session, "Attempted assignLeader without sufficient permission")
        return
    if not name:
        room.screen.lead(None)
        return
    chosen = next((member for member in room.members if member.name == name), None)
    if chosen:
        room.screen.lead(chosen)
    else:
        session.error(f"Unable to assign leader: could not find user {name[:20]}")


def leader_update(house: House, session: Session, data: dict[str, Any]) -> None:
    """From the leader, about what plays and has a clock; others are not heard."""
    screen = _room(session).screen
    current = screen.playlist.current
    if session is not screen.leader or current is None or not current.media.seconds:
        return
    if data["id"] == current.media.id:
        screen.report(data["currentTime"], bool(data.get("paused")))


def _room(session: Session) -> Room:
    assert session.room is not None
    return session.room
