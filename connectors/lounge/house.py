"""All rooms and everybody in them, free of sockets: frames come in, sessions are told."""

from __future__ import annotations

import time
from typing import Any

from connectors.lounge.accounts import Accounts
from connectors.lounge.clock import Clock, LoopClock
from connectors.lounge.history import History
from connectors.lounge.limits import Rate
from connectors.lounge.names import key_of
from connectors.lounge.room import Room
from connectors.lounge.session import Session
from connectors.lounge.settings import LoungeSettings, RoomSettings
from connectors.lounge.shelf import Shelf

_ALIASES = 5
_REMEMBERED = 10_000


class House:
    """What outlives a connection: rooms, and which names an address has used."""

    def __init__(self, settings: LoungeSettings, clock: Clock | None = None) -> None:
        self.settings = settings
        self.clock = clock or LoopClock()
        self.accounts = Accounts(settings.accounts)
        self.history = History(settings.history_file)
        self.shelf = Shelf(settings.history_file)
        self.chat_rate = _chat_rate(settings)
        self.addresses_of: dict[str, list[str]] = {}  # name key -> addresses it came from
        self.guest_login_at: dict[str, float] = {}
        self._names_at: dict[str, list[str]] = {}
        self._first_seen: dict[str, float] = {}
        self.rooms = {key_of(room.name): self._make(room) for room in settings.rooms}

    def _make(self, room: RoomSettings) -> Room:
        history = self.history if room.registered else None
        shelf = self.shelf if room.registered else None
        return Room(room, history, self.settings.usercount_seconds, self.clock, shelf)

    def room(self, name: str) -> Room:
        """The room of that name; one that nobody registered exists as long as it has members."""
        key = key_of(name)
        if key not in self.rooms:
            self.rooms[key] = self._make(RoomSettings(name=key, registered=False))
        return self.rooms[key]

    def arrive(self, session: Session) -> None:
        self._first_seen.setdefault(session.address, time.time())
        for known in (self._first_seen, self._names_at, self.addresses_of, self.guest_login_at):
            _forget_oldest(known)
        session.aliases = list(self._names_at.get(session.address, ()))
        session.send("rank", session.rank)

    def record_login(self, session: Session) -> None:
        names = self._names_at.setdefault(session.address, [])
        if session.name in names:
            names.remove(session.name)
        names.insert(0, session.name)
        del names[_ALIASES:]
        addresses = self.addresses_of.setdefault(session.key, [])
        if session.address not in addresses:
            addresses.append(session.address)

    def seen_since(self, session: Session) -> float:
        """How long an account or an address has been known, in seconds."""
        since = self._first_seen.get(session.address, time.time())
        if session.account:
            registered = session.account.registered_at
            since = min(since, registered.timestamp() if registered else 0)
        return time.time() - since

    def leave(self, session: Session) -> None:
        """The end of a connection, whoever ended it; a second time does nothing."""
        if session.gone:
            return
        session.gone = True
        room = session.room
        if room and session.inside:
            room.remove(session)
        if room and not room.members and not room.registered:
            room.close()
            if self.rooms.get(room.key) is room:
                del self.rooms[room.key]

    def kick(self, session: Session, reason: str) -> None:
        session.send("kick", {"reason": reason})
        self.leave(session)
        session.out.close()

    def close(self) -> None:
        for room in self.rooms.values():
            room.close()
        self.history.close()


def _forget_oldest(known: dict[str, Any]) -> None:
    while len(known) > _REMEMBERED:
        del known[next(iter(known))]


def _chat_rate(settings: LoungeSettings) -> Rate | None:
    if not settings.chat_burst:
        return None
    burst, per_second = settings.chat_burst, settings.chat_per_second
    return Rate(burst, per_second, settings.chat_cooldown or burst / per_second)
