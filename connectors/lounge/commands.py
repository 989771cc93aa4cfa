"""Slash commands that show nothing of their line (PROTOCOL section 7).

Without the right they are swallowed. Each takes what follows its word.
"""

from __future__ import annotations

from collections.abc import Callable

from connectors.lounge import moderation
from connectors.lounge.house import House
from connectors.lounge.permissions import EVERYBODY
from connectors.lounge.session import Session

Command = Callable[[House, Session, str], None]


def _afk(house: House, session: Session, rest: str) -> None:
    assert session.room
    session.room.set_afk(session, not session.afk)


def _clear(house: House, session: Session, rest: str) -> None:
    room = session.room
    assert room
    if room.may(session, "chatclear"):
        room.clear()
        room.broadcast("clearchat", {"clearedBy": session.name})
        room.whisper(f"{session.name} cleared chat.", least=EVERYBODY)


COMMANDS: dict[str, Command] = {
    "afk": _afk,
    "clear": _clear,
    "kick": moderation.kick,
    "kickanons": moderation.kick_anonymous,
    "ban": moderation.ban,
    "ipban": moderation.ban_addresses,
    "banip": moderation.ban_addresses,
    "mute": moderation.mute,
    "smute": moderation.shadow_mute,
    "unmute": moderation.unmute,
    "unsmute": moderation.unmute,
    "rank": moderation.rank,
}
