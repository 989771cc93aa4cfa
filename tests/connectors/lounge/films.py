"""Films for a room, and what its people were told of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.connectors.lounge.people import Person

PLAYER_FRAMES = frozenset(
    (
        *("queue", "delete", "moveVideo", "setTemp", "playlist", "setPlaylistMeta", "setCurrent"),
        *("changeMedia", "mediaUpdate", "setPlaylistLocked", "queueFail", "voteskip", "setLeader"),
    )
)
CHANGE = ["setCurrent", "changeMedia", "voteskip"]


def add(person: Person, name: str, seconds: int = 60, **more: Any) -> list[tuple[str, Any]]:
    """Queue a file; what came back."""
    asked = {"id": f"https://x.org/{name}", "type": "fi", "pos": "end", "title": name}
    return person.emit("queue", asked | {"duration": seconds} | more)


def names(frames: list[tuple[str, Any]]) -> list[str]:
    """The frames that are the player's."""
    return [event for event, _ in frames if event in PLAYER_FRAMES]


def since(person: Person, done: Callable[[], object]) -> list[tuple[str, Any]]:
    """What a person was sent while something was done."""
    start = len(person.frames)
    done()
    return person.frames[start:]


def playing(person: Person) -> str:
    return str(person.got("changeMedia")[-1]["title"])
