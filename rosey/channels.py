"""Channel keys (`<connection>/<room>`) and their form as one token of a subject or key."""

import re
from typing import NamedTuple

_PLAIN = re.compile(r"[A-Za-z0-9_-]")


class Channel(NamedTuple):
    """A room on a connection."""

    connection: str
    room: str

    @property
    def key(self) -> str:
        return f"{self.connection}/{self.room}"

    @classmethod
    def parse(cls, key: str) -> "Channel":
        """Raises ValueError when there is no `/` with something on both sides."""
        connection, slash, room = key.partition("/")
        if not (connection and slash and room):
            raise ValueError(f"{key!r} is no channel key; it looks like lounge/lobby")
        return cls(connection, room)


def token(key: str) -> str:
    """A channel key as one subject token, without loss: `lounge/lobby` is `lounge=2Flobby`."""
    return "".join(
        char if _PLAIN.match(char) else "".join(f"={byte:02X}" for byte in char.encode())
        for char in key
    )


def from_token(text: str) -> str:
    """The channel key behind a token. Raises ValueError for what `token` cannot have made."""
    raw = bytearray()
    rest = text
    while rest:
        if rest[0] == "=":
            raw.append(int(rest[1:3], 16))
            rest = rest[3:]
        else:
            raw.extend(rest[0].encode())
            rest = rest[1:]
    key = raw.decode()
    if token(key) != text:
        raise ValueError(f"{text!r} is no channel token")
    return key
