"""What can be put on the playlist: made from a request alone, nothing is looked up."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote, urlsplit

from connectors.lounge.text import whole, without_controls

LIVE_TYPES = frozenset(("li", "tw", "rt", "cu", "hl"))
"""Kinds that need `playlistaddlive`."""
RAW_TYPES = frozenset(("fi", "cm"))
MAX_TITLE = 100
LONGEST = 359_999
"""Seconds: 99:59:59."""

_MAX_ID = 2048
_NO_LENGTH = "--:--"
_YOUTUBE = re.compile(r"[A-Za-z0-9_-]{11}", re.ASCII)
_LIVESTREAM = re.compile(r"[0-9]+;[0-9]+", re.ASCII)
_LINKS = {
    "yt": "https://youtu.be/{}",
    "tw": "https://twitch.tv/{}",
    "li": "https://livestream.com/{}",
    "cm": "{}",
    "fi": "{}",
    "hl": "{}",
    "rt": "{}",
}


class Refused(Exception):
    """Its text is what the person is told, not yet escaped."""


@dataclass(frozen=True)
class Media:
    """`seconds` 0 is live: it has no clock and does not end by itself."""

    id: str
    type: str
    title: str
    seconds: int
    duration: str
    meta: dict[str, Any] = field(default_factory=dict)

    def frame(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "title": self.title,
            "seconds": self.seconds,
            "duration": self.duration,
            "type": self.type,
            "meta": self.meta,
        }


def requested(type: str, id: str, title: str, seconds: float) -> Media:
    """The media of a `queue` frame; an empty title is made from the id. Raises Refused."""
    maker = _MAKERS.get(type)
    if maker is None:
        raise Refused(f"Unknown media type '{type[:20]}'")
    if not 0 <= seconds < float("inf"):
        raise Refused("duration must be a non-negative finite number")
    if len(id) > _MAX_ID:
        raise Refused("Invalid ID")
    shown = cut_title(without_controls(title).strip())
    return maker(type, whole(id, _MAX_ID), shown, min(int(seconds), LONGEST))


def link_of(type: str, id: str) -> str:
    """Where a person finds it, or nothing."""
    return _LINKS.get(type, "").format(id)


def length(seconds: int) -> str:
    """MM:SS or HH:MM:SS."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


def cut_title(title: str) -> str:
    units = len(title.encode("utf-16-le", "surrogatepass")) // 2
    return whole(title, MAX_TITLE - 3) + "..." if units > MAX_TITLE else whole(title, MAX_TITLE)


def _youtube(type: str, id: str, title: str, seconds: int) -> Media:
    if not _YOUTUBE.fullmatch(id):
        raise Refused("Invalid ID")
    return Media(id, type, title or id, seconds, length(seconds))


def _manifest(type: str, id: str, title: str, seconds: int) -> Media:
    _check_url(id, ("http", "https"), f'Invalid URL "{id}"')
    return Media(id, type, title or _name_in(id), seconds, length(seconds))


def _file(type: str, id: str, title: str, seconds: int) -> Media:
    told = (
        "Raw file playback is only supported for links accessible via HTTPS. "
        "Ensure that the link begins with 'https://'."
    )
    _check_url(id, ("https",), told)
    return Media(id, type, title or _name_in(id), seconds, length(seconds))


def _embed(type: str, id: str, title: str, seconds: int) -> Media:
    source = _frame_source(id)
    name = "cu:" + b64encode(sha256(id.encode()).digest()).decode()
    shown = length(seconds) if seconds else _NO_LENGTH
    meta = {"embed": {"tag": "iframe", "src": source}}
    return Media(name, type, title or "Custom Media", seconds, shown, meta)


def _stream(type: str, id: str, title: str, seconds: int) -> Media:
    if type == "hl" and not id.startswith("https://"):
        raise Refused(
            "HLS links must start with HTTPS due to browser security policy.  "
            "See https://git.io/vpDLK for details."
        )
    return _live(type, id, "Livestream")


def _twitch(type: str, id: str, title: str, seconds: int) -> Media:
    return _live(type, id, f"Twitch.tv - {id}")


def _livestream(type: str, id: str, title: str, seconds: int) -> Media:
    if not _LIVESTREAM.fullmatch(id):
        raise Refused("Invalid ID")
    return _live(type, id, "Livestream.com")


def _live(type: str, id: str, title: str) -> Media:
    return Media(id, type, cut_title(title), 0, _NO_LENGTH)


_MAKERS: dict[str, Callable[[str, str, str, int], Media]] = {
    "yt": _youtube,
    "cm": _manifest,
    "fi": _file,
    "cu": _embed,
    "rt": _stream,
    "hl": _stream,
    "tw": _twitch,
    "li": _livestream,
}


def _check_url(text: str, schemes: tuple[str, ...], told: str) -> None:
    try:
        parts = urlsplit(text)
    except ValueError:
        raise Refused(told) from None
    if parts.scheme not in schemes or not parts.hostname or re.search(r"\s", text):
        raise Refused(told)


def _name_in(url: str) -> str:
    """A title for who gave none: the last part of the path, or the host."""
    parts = urlsplit(url)
    name = unquote(parts.path.rstrip("/").rpartition("/")[2]) or parts.hostname or url
    return cut_title(name)


def _frame_source(tag: str) -> str:
    found = _Frames()
    found.feed(tag)
    if not found.sources:
        raise Refused("Invalid embed.  Input must be an <iframe> tag")
    source = found.sources[0]
    _check_url(source, ("https",), "Invalid embed.  The source of the frame must be an HTTPS link")
    return source


class _Frames(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "iframe":
            self.sources.append(dict(attrs).get("src") or "")
