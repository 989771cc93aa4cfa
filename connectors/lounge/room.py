"""A room: who is in it, what it keeps, and how it tells its members."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from connectors.lounge import options, permissions
from connectors.lounge.cloak import cloak
from connectors.lounge.clock import Clock, Due
from connectors.lounge.frames import MISSING
from connectors.lounge.history import KEPT, History, Line
from connectors.lounge.names import key_of
from connectors.lounge.permissions import MODERATOR, may
from connectors.lounge.screen import Screen
from connectors.lounge.session import Session
from connectors.lounge.settings import RoomSettings
from connectors.lounge.shelf import Shelf
from connectors.lounge.text import clean_html
from connectors.lounge.wire import encode

_NO_STYLES = {
    "css": "",
    "cssHash": "1B2M2Y8AsgTpgAmY7PhCfg==",
    "js": "",
    "jsHash": "1B2M2Y8AsgTpgAmY7PhCfg==",
}


@dataclass(frozen=True)
class Ban:
    id: int
    address: str  # "*" for a ban of the name alone
    name: str
    reason: str
    by: str


class Room:
    """Everything happens at once and in order: nothing in here waits."""

    def __init__(
        self,
        settings: RoomSettings,
        history: History | None,
        usercount_seconds: float,
        clock: Clock,
        shelf: Shelf | None,
    ) -> None:
        self.name = settings.name
        self.key = key_of(settings.name)
        self.registered = settings.registered
        self.ranks = {key_of(name): (name, rank) for name, rank in settings.ranks.items()}
        defaults = permissions.REGISTERED if settings.registered else permissions.UNREGISTERED
        self.permissions = dict(defaults) | settings.permissions
        password = settings.password.get_secret_value() if settings.password else None
        self.options = options.initial(self.key, password, settings.options)
        self.motd = clean_html(settings.motd)
        self.members: list[Session] = []
        self.muted: dict[str, bool] = {}  # name key -> whether only in shadow
        self.bans: list[Ban] = []
        self.drinks = 0
        self.lines = history.lines(self.key) if history else deque[Line](maxlen=KEPT)
        self._history = history
        self._usercount_seconds = usercount_seconds
        self._usercount_due: Due | None = None
        self._usercount_changed = False
        self._clock = clock
        self.screen = Screen(self, clock, shelf)

    # people

    def find(self, name: str) -> Session | None:
        key = key_of(name)
        return next((member for member in self.members if member.key == key), None)

    def may(self, session: Session, permission: str) -> bool:
        """An unlocked playlist also opens to whom the permission with an `o` in front allows it."""
        if may(self.permissions, permission, session.rank):
            return True
        open_list = permission.startswith("playlist") and not self.screen.playlist.locked
        return open_list and may(self.permissions, f"o{permission}", session.rank)

    def rank_of(self, name: str) -> float:
        """The rank kept for a name in this room: 1 if none is."""
        return self.ranks.get(key_of(name), ("", 1))[1]

    def is_banned(self, session: Session) -> bool:
        return self.registered and any(
            ban.address == session.address or (session.key and key_of(ban.name) == session.key)
            for ban in self.bans
        )

    # telling

    def broadcast(
        self, event: str, payload: Any = MISSING, to: Iterable[Session] | None = None
    ) -> None:
        packet = encode(event, payload)
        for member in self.members if to is None else to:
            member.out.post(packet)

    def at_least(self, rank: float) -> list[Session]:
        return [member for member in self.members if member.rank >= rank]

    def whisper(self, text: str, least: float = MODERATOR, by: str = "[server]") -> None:
        """A line of the server's own for ranks from `least` up; it is not kept."""
        meta = {"addClass": "server-whisper", "addClassToNameAndTimestamp": True}
        line = {"username": by, "msg": text, "meta": meta, "time": now_ms()}
        self.broadcast("chatMsg", line, to=self.at_least(least))

    def say(self, line: Line) -> None:
        """A line to everybody, kept for those who come later."""
        if self._history:
            self._history.add(self.key, line)
        else:
            self.lines.append(line)
        self.broadcast("chatMsg", line)

    def clear(self) -> None:
        if self._history:
            self._history.clear(self.key)
        self.lines.clear()

    def tell_user(self, event: str, session: Session, to: Iterable[Session] | None = None) -> None:
        """addUser or setUserMeta, with as much detail as each receiver may see."""
        packets: dict[int, Any] = {}
        for member in self.members if to is None else to:
            level = _level(member)
            if level not in packets:
                user = self._user(session, level)
                meta = {"name": user["name"], "meta": user["meta"]}
                packets[level] = encode(event, meta if event == "setUserMeta" else user)
            member.out.post(packets[level])

    def send_userlist(self, session: Session) -> None:
        level = _level(session)
        session.send("userlist", [self._user(who, level) for who in self.members if who.name])

    def _user(self, session: Session, level: int) -> dict[str, Any]:
        meta: dict[str, Any] = {"afk": session.afk, "muted": session.muted}
        if level:
            meta["smuted"] = session.shadow
            meta["aliases"] = session.aliases
            meta["ip"] = session.address if level > 1 else cloak(session.address)
        elif session.shadow:
            meta["muted"] = False
        return {
            "name": session.name,
            "rank": session.rank,
            "profile": {"image": "", "text": ""},
            "meta": meta,
        }

    # coming and going

    def send_entry(self, session: Session) -> None:
        """The state of the room, in the order clients expect; `userlist` comes last."""
        session.send("setPermissions", self.permissions)
        session.send("setPlaylistLocked", self.screen.playlist.locked)
        session.send("emoteList", [])
        for line in self.lines:
            session.send("chatMsg", line)
        session.send("drinkCount", self.drinks)
        session.send("channelCSSJS", _NO_STYLES)
        session.send("setMotd", self.motd)
        session.send("channelOpts", self.options)
        self.send_playlist(session)
        if session.account:
            self.send_playlist(session)
        self.screen.send_current(session)

    def send_playlist(self, session: Session) -> None:
        self.screen.send_list(session)

    def add(self, session: Session) -> None:
        self.members.append(session)
        session.inside = True
        self.restart_afk_timer(session)

    def remove(self, session: Session) -> None:
        self.members.remove(session)
        session.inside = False
        if session.afk_timer:
            session.afk_timer.cancel()
        if session.name:
            self.broadcast("userLeave", {"name": session.name})
        self.screen.left(session)
        self.count()

    def close(self) -> None:
        self.screen.close()
        if self._usercount_due:
            self._usercount_due.cancel()
        for member in self.members:
            if member.afk_timer:
                member.afk_timer.cancel()

    def count(self) -> None:
        """Tell how many are here: at once, or with others who came soon after a telling."""
        if self._usercount_due:
            self._usercount_changed = True
            return
        self.broadcast("usercount", len(self.members))
        due = self._clock.time() + self._usercount_seconds
        self._usercount_due = self._clock.call_at(due, self._count_again)

    def _count_again(self) -> None:
        self._usercount_due = None
        if self._usercount_changed:
            self._usercount_changed = False
            self.broadcast("usercount", len(self.members))

    # away from the keyboard

    def set_afk(self, session: Session, afk: bool) -> None:
        """Any sign of life with `afk` false starts the idle time afresh."""
        session.active_at = self._clock.time()
        if session.afk == afk:
            return
        session.afk = afk
        if afk:
            session.send("clearVoteskipVote")
            self.screen.take_back(session)
        else:
            self.restart_afk_timer(session)
            self.screen.count_votes()
        self.tell_user("setUserMeta", session)
        self.broadcast("setAFK", {"name": session.name, "afk": afk})

    def restart_afk_timer(self, session: Session) -> None:
        if session.afk_timer:
            session.afk_timer.cancel()
            session.afk_timer = None
        session.active_at = self._clock.time()
        self._watch_idle(session, self.options["afk_timeout"])

    def _watch_idle(self, session: Session, seconds: float) -> None:
        if seconds > 0 and not session.afk:
            due = self._clock.time() + seconds
            session.afk_timer = self._clock.call_at(due, lambda: self._idle(session))

    def _idle(self, session: Session) -> None:
        session.afk_timer = None
        left = session.active_at + self.options["afk_timeout"] - self._clock.time()
        if left > 0.001:
            self._watch_idle(session, left)
        elif session.name:
            self.set_afk(session, True)


def now_ms() -> int:
    return int(time.time() * 1000)


def _level(receiver: Session) -> int:
    return 2 if receiver.is_site_admin() else int(receiver.is_moderator())
