"""Rules for names of people and rooms (PROTOCOL sections 1 and 5)."""

from __future__ import annotations

import re

INVALID_USER = (
    "Invalid username.  Usernames must be 1-20 characters long and consist only of "
    "characters a-z, A-Z, 0-9, -, or _."
)
INVALID_ROOM = (
    "Invalid channel name.  Channel names may consist of 1-30 characters in the set "
    "a-z, A-Z, 0-9, -, and _"
)

_USER = re.compile(r"[A-Za-z0-9_-]{1,20}", re.ASCII)
_ROOM = re.compile(r"[A-Za-z0-9_-]{1,30}", re.ASCII)
_RESERVED = re.compile(r"(?:^|.*[-_])(?:admin(?:istrator)?|owner)(?:[-_].*|$)", re.ASCII)
_LOOKALIKE = str.maketrans("oli-", "011_")


def valid_user(name: str) -> bool:
    return _USER.fullmatch(name) is not None


def valid_room(name: str) -> bool:
    return _ROOM.fullmatch(name) is not None


def key_of(name: str) -> str:
    """Names are compared without regard to case."""
    return name.lower()


def look_of(name: str) -> str:
    """Two names with the same look are taken for each other by people."""
    return name.lower().translate(_LOOKALIKE)


def reserved(name: str) -> bool:
    """Names that would pass for somebody in charge; no guest may use them."""
    return _RESERVED.match(name.lower()) is not None
