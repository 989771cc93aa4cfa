"""People in a house without sockets: what they were sent can be read."""

from __future__ import annotations

import json
from typing import Any

from connectors.lounge import handlers
from connectors.lounge.clock import Clock
from connectors.lounge.frames import MISSING
from connectors.lounge.house import House
from connectors.lounge.session import Session
from connectors.lounge.settings import Account, LoungeSettings, RoomSettings

RANKS = {"owner": 5, "second": 4, "admin3": 3, "moderator": 2}


def house(clock: Clock | None = None, **more: Any) -> House:
    names = [*RANKS, "alice", "bob", "root"]
    accounts = [
        Account(name=name, password=f"{name}-pass", global_rank=255 if name == "root" else 1)
        for name in names
    ]
    rooms = [RoomSettings(name="lobby", ranks=dict(RANKS))]
    settings = {"port": 0, "accounts": accounts, "rooms": rooms, "chat_burst": 0} | more
    return House(LoungeSettings(**settings), clock)


class Person:
    """One connection. `frames` are (event, payload)."""

    def __init__(self, house: House, address: str = "10.0.0.1") -> None:
        self.house = house
        self.frames: list[tuple[str, Any]] = []
        self.closed = False
        self.session = Session(self, address)
        house.arrive(self.session)

    def post(self, packet: Any) -> None:
        parts = json.loads(packet.data[1:])
        self.frames.append((parts[0], parts[1] if len(parts) > 1 else None))

    def close(self) -> None:
        self.closed = True

    def emit(self, event: str, payload: Any = MISSING) -> list[tuple[str, Any]]:
        """Send a frame; what came back."""
        start = len(self.frames)
        handlers.receive(self.house, self.session, event, payload)
        return self.frames[start:]

    def say(self, text: str, **meta: Any) -> list[tuple[str, Any]]:
        return self.emit("chatMsg", {"msg": text, "meta": meta})

    def got(self, event: str) -> list[Any]:
        return [payload for name, payload in self.frames if name == event]

    def lines(self) -> list[str]:
        return [line["msg"] for line in self.got("chatMsg") if line["username"] != "[server]"]

    def whispers(self) -> list[str]:
        return [line["msg"] for line in self.got("chatMsg") if line["username"] == "[server]"]


def enter(
    house: House, name: str = "", *, room: str = "lobby", address: str = "10.0.0.1"
) -> Person:
    """Log in (an account if there is one) and join."""
    person = Person(house, address)
    if name:
        login = {"name": name}
        if house.accounts.global_rank(name):
            login["pw"] = f"{name}-pass"
        person.emit("login", login)
    person.emit("joinChannel", {"name": room})
    return person
