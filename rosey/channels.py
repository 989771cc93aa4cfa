"""Channel keys (`<connection>/<room>`) and their form as one token of a subject or key."""

import re
from typing import NamedTuple

_PLAIN = re.compile(r"[A-Za-z0-9_-]")
_CONNECTION = re.compile(r"[a-z][a-z0-9-]*")


class Channel(NamedTuple):
    """A room on a connection."""

    connection: str
    room: str

    @property
    def key(self) -> str:
        return f"{self.connection}/{self.room}"

    @classmethod
    def parse(cls, key: str) -> "Channel":
        """Raises ValueError for what is not a connection's name, `/` and a room."""
        connection, _, room = key.partition("/")
        if not (_CONNECTION.fullmatch(connection) and room):
            raise ValueError(f"{key!r} is no channel key; it looks like lounge/lobby")
        return cls(connection, room)


def token(key: str) -> str:
    """A channel key as one subject token, without loss: `lounge/lobby` is `lounge=2Flobby`."""
    return "".join(char if _PLAIN.match(char) else _escaped(char) for char in key)


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
    key = raw.decode(errors="surrogatepass")
    if token(key) != text:
        raise ValueError(f"{text!r} is no channel token")
    return key


def _escaped(char: str) -> str:
    return "".join(f"={byte:02X}" for byte in char.encode(errors="surrogatepass"))
