"""Links to media: which kind of media a pasted link is, its id there, and the way back.

Kinds are CyTube's two letters: `yt`, `vi`, `cm`, `fi` and so on.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal
from urllib.parse import SplitResult, parse_qsl, urlsplit

LONGEST_LINK = 2000
FILES = ("mp4", "flv", "webm", "ogg", "ogv", "mp3", "mov", "m4a")

PLAYABLE = {
    "yt": "YouTube",
    "yp": "YouTube playlists",
    "vi": "Vimeo",
    "dm": "Dailymotion",
    "sb": "Streamable",
    "tw": "Twitch",
    "tv": "Twitch videos",
    "tc": "Twitch clips",
    "gd": "Google Drive",
    "pt": "PeerTube",
    "bc": "BitChute",
    "bn": "Bandcamp",
    "od": "Odysee",
    "nv": "Niconico",
    "li": "Livestream.com",
    "fi": "files",
    "hl": "HLS streams",
    "cm": "manifests",
    "rt": "RTMP streams",
    "cu": "embeds",
}
# Players have stopped playing these; links to them are still understood.
GONE = {
    "sc": "SoundCloud",
    "us": "Ustream",
    "hb": "Smashcast",
    "im": "Imgur albums",
    "vm": "vid.me",
    "mx": "Mixer",
    "jw": "JW Player",
    "gp": "Google+",
}
ALLOWED = (
    "I take links of YouTube, Vimeo, Dailymotion, Streamable, Twitch, Google Drive, PeerTube, "
    "BitChute, Bandcamp, Odysee and Niconico, and https links to a file "
    f"({', '.join(FILES)}), a stream (m3u8) or a manifest (json)."
)

_URLS = {
    "yt": "https://youtube.com/watch?v={}",
    "yp": "https://youtube.com/playlist?list={}",
    "vi": "https://vimeo.com/{}",
    "dm": "https://dailymotion.com/video/{}",
    "sb": "https://streamable.com/{}",
    "tw": "https://twitch.tv/{}",
    "tc": "https://clips.twitch.tv/{}",
    "gd": "https://docs.google.com/file/d/{}",
    "bc": "https://www.bitchute.com/video/{}/",
    "nv": "https://www.nicovideo.jp/watch/{}",
    "li": "https://livestream.com/{}",
    "us": "https://www.ustream.tv/{}",
    "hb": "https://www.smashcast.tv/{}",
    "im": "https://imgur.com/a/{}",
    "vm": "https://vid.me/{}",
    "mx": "https://mixer.com/{}",
}
# Their ids are two values with `;` between.
_PAIRS = {
    "pt": "https://{}/videos/watch/{}",
    "bn": "https://{}.bandcamp.com/track/{}",
    "od": "https://odysee.com/@{}/{}",
    "li": "https://livestream.com/accounts/{}/events/{}",
}
# Their ids are addresses, of which nothing may be cut off.
_WHOLE = {"fi", "cm", "hl", "rt", "sc"}

_SHORT = re.compile(r"([A-Za-z]{2}):(\S+)")
_IFRAME = re.compile(
    r"""(?:cu:)?(<iframe\s[^<>]*?\bsrc\s*=\s*["']https://[^"'<>\s]+["'][^<>]*>"""
    r"""(?:\s*</iframe\s*>)?)""",
    re.IGNORECASE,
)
_FILE = re.compile(rf"\.(?:{'|'.join(FILES)})$")
_WORD = re.compile(r"[A-Za-z0-9_-]+")
_LETTERS = re.compile(r"[^?&#/\s]+")
_PEERTUBE = re.compile(
    r"/(?:w|videos/watch)/([0-9a-zA-Z]{22}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/?"
)
_ODYSEE = re.compile(r"/@([^:/]+)(?::\w+)?/([^:/]+)(?::\w+)?/?")
_EVENT = re.compile(r"/accounts/(\d+)/events/(\d+)")
_MIRRORS = re.compile(r"^(?:www|m|mobile|music|gaming|go)\.")
_OPENING = "<([{\"'“‘«"
_ENDING = ".,;:!?>\"'”’»"
_PAIRED = {")": "(", "]": "[", "}": "{"}


@dataclass(frozen=True)
class Link:
    """Something to play: its kind and its id there."""

    type: str
    id: str

    @property
    def short(self) -> str:
        """`type:id`"""
        return f"{self.type}:{self.id}"

    @property
    def url(self) -> str:
        """Its address; `type:id` where there is none."""
        first, between, second = self.id.partition(";")
        if self.type in _PAIRS and between:
            return _PAIRS[self.type].format(first, second)
        if self.type in _WHOLE and "://" in self.id:
            return self.id
        if self.type == "tv" and self.id.startswith("v"):
            return f"https://twitch.tv/videos/{self.id[1:]}"
        return _URLS[self.type].format(self.id) if self.type in _URLS else self.short


@dataclass(frozen=True)
class NoLink:
    """`code` is for programs, `text` for the one who pasted it."""

    code: Literal["https_required", "unsupported_extension"]
    text: str


def read_link(text: str) -> Link | NoLink:
    """What was pasted: an address, `type:id` or an <iframe>, alone or in a sentence."""
    if len(text) > LONGEST_LINK:
        return NoLink("https_required", f"That is too long for a link. {ALLOWED}")
    if embed := _IFRAME.match(text.strip()):
        return Link("cu", embed[1])
    word = _address_in(text)
    if short := _SHORT.fullmatch(word):
        return _from_short(short[1].lower(), short[2])
    parts = _split(word)
    if parts is None:
        return NoLink("https_required", f"That is no link that I know. {ALLOWED}")
    if parts.scheme == "rtmp":
        return Link("rt", parts.geturl())
    return _on_a_site(parts) or _raw(parts)


def is_link(text: str) -> bool:
    """Whether `text` is meant as a link, good or bad, and not as words of a title."""
    found = read_link(text)
    if isinstance(found, Link):
        return found.type in PLAYABLE or found.type in GONE
    return "://" in text


def unplayable(link: Link) -> str:
    """A sentence that says why no player takes it; empty when nothing is known against it."""
    if link.type in GONE:
        return f"{GONE[link.type]} can no longer be played. {ALLOWED}"
    if link.type not in PLAYABLE:
        return f"I know no kind of media '{link.type}'. {ALLOWED}"
    if link.type in {"fi", "hl"} and not link.id.startswith("https://"):
        return "Files and streams must begin with https://, or browsers do not play them."
    if link.type == "cm" and not link.id.startswith(("https://", "http://")):
        return "A manifest is named by its whole address, beginning with https://."
    if link.type == "yt" and not re.fullmatch(r"[A-Za-z0-9_-]{11}", link.id):
        return "That YouTube link is not whole: the id of a video has 11 characters."
    if link.type == "li" and not re.fullmatch(r"\d+;\d+", link.id):
        return "That Livestream.com link lacks its account; it looks like /accounts/1/events/2."
    return ""


def _address_in(text: str) -> str:
    """The only word with `://` or else all of it, without the marks of a sentence around it."""
    addresses = [word for word in text.split() if "://" in word]
    word = (addresses[0] if len(addresses) == 1 else text.strip()).lstrip(_OPENING)
    while word and (word[-1] in _ENDING or _closes_nothing(word)):
        word = word[:-1]
    return word


def _closes_nothing(word: str) -> bool:
    opening = _PAIRED.get(word[-1])
    return opening is not None and word.count(word[-1]) > word.count(opening)


def _from_short(kind: str, text: str) -> Link | NoLink:
    if kind in _WHOLE:
        parts = _split(text)
        return Link(kind, parts.geturl() if parts else text)
    end = r"[?&#_]" if kind == "dm" else r"[?&#]"
    identifier = re.split(end, text, maxsplit=1)[0]
    if not identifier:
        return NoLink("https_required", f"After '{kind}:' an id is missing. {ALLOWED}")
    return Link(kind, identifier)


def _split(word: str) -> SplitResult | None:
    """The parts of an address with its host in small letters; None for what is none."""
    if "://" not in word and _site(re.split(r"[/?#]", word, maxsplit=1)[0]) in _SITES:
        word = f"https://{word}"
    try:
        parts = urlsplit(word)
        if not parts.hostname or any(char.isspace() for char in word):
            return None
        _ = parts.port  # which may be none
    except ValueError:
        return None
    if parts.scheme not in {"http", "https", "rtmp"}:
        return None
    user, at, host = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user}{at}{host.lower()}")


def _site(host: str) -> str:
    return _MIRRORS.sub("", host.lower().rstrip("."))


def _on_a_site(parts: SplitResult) -> Link | None:
    host = (parts.hostname or "").rstrip(".")
    reader = _SITES.get(_site(host))
    if reader:
        return reader(parts)
    artist = host.removesuffix(".bandcamp.com")
    if artist != host and (track := _after(parts, "track")):
        return Link("bn", f"{artist};{track}")
    if found := _PEERTUBE.fullmatch(parts.path):
        return Link("pt", f"{host};{found[1]}")
    return None


def _raw(parts: SplitResult) -> Link | NoLink:
    """A stream, a manifest or a file on any host."""
    if parts.path.endswith(".m3u8"):
        return Link("hl", parts.geturl())
    if parts.scheme != "https":
        return NoLink("https_required", f"Such a link must begin with https://. {ALLOWED}")
    if parts.path.endswith(".json"):
        return Link("cm", parts.geturl())
    if _FILE.search(parts.path):
        return Link("fi", parts.geturl())
    return NoLink("unsupported_extension", f"I find nothing to play behind that link. {ALLOWED}")


def _segments(parts: SplitResult) -> list[str]:
    """The path between its slashes; people paste `&t=5` where `?t=5` is meant."""
    return [found[0] for each in parts.path.split("/") if (found := _LETTERS.match(each))]


def _after(parts: SplitResult, *folders: str) -> str:
    """What follows one of `folders` in the path, or the first of all when none is named."""
    segments = _segments(parts)
    if not folders:
        return segments[0] if segments else ""
    follows = pairwise(segments)
    return next((second for first, second in follows if first in folders), "")


def _given(parts: SplitResult, name: str) -> str:
    return next((value for key, value in parse_qsl(parts.query) if key == name), "")


def _word(kind: str, text: str) -> Link | None:
    found = _WORD.match(text)
    return Link(kind, found[0]) if found else None


def _youtube(parts: SplitResult) -> Link | None:
    video = _given(parts, "v") or _after(parts, "shorts", "live", "embed", "v", "e", "watch")
    if video and video not in {"videoseries", "live_stream"}:
        return _word("yt", video)
    return _word("yp", _given(parts, "list"))


def _vimeo(parts: SplitResult) -> Link | None:
    """A video that is not listed has a second part, without which it does not play."""
    segments = _segments(parts)
    number = next((at for at, each in enumerate(segments) if each.isdecimal()), None)
    if number is None:
        return Link("vi", segments[0]) if len(segments) == 1 else None
    more = segments[number + 1 : number + 2] or [_given(parts, "h")]
    hidden = f"/{more[0]}" if re.fullmatch(r"[0-9a-f]{8,}", more[0]) else ""
    return Link("vi", segments[number] + hidden)


def _dailymotion(parts: SplitResult) -> Link | None:
    video = _after(parts, "video") or _given(parts, "video")
    return Link("dm", video.split("_")[0]) if video.split("_")[0] else None


def _twitch(parts: SplitResult) -> Link | None:
    if clip := _after(parts, "clip"):
        return _word("tc", clip)
    for kind, video in (("v", _after(parts, "videos", "video", "v")), ("c", _after(parts, "c"))):
        if video.isdecimal():
            return Link("tv", f"{kind}{video}")
    return _word("tw", _after(parts))


def _twitch_player(parts: SplitResult) -> Link | None:
    if video := _given(parts, "video").removeprefix("v"):
        return _word("tv", f"v{video}")
    return _word("tw", _given(parts, "channel"))


def _twitch_clip(parts: SplitResult) -> Link | None:
    return _word("tc", _given(parts, "clip") or _after(parts))


def _livestream(parts: SplitResult) -> Link | None:
    if event := _EVENT.match(parts.path):
        return Link("li", f"{event[1]};{event[2]}")
    return _path("li")(parts)


def _drive(parts: SplitResult) -> Link | None:
    return _word("gd", _after(parts, "d") or _given(parts, "id"))


def _soundcloud(parts: SplitResult) -> Link | None:
    return Link("sc", parts.geturl()) if _segments(parts) else None


def _streamable(parts: SplitResult) -> Link | None:
    return _word("sb", _after(parts, "e", "o", "s") or _after(parts))


def _odysee(parts: SplitResult) -> Link | None:
    found = _ODYSEE.fullmatch(parts.path)
    return Link("od", f"{found[1]};{found[2]}") if found else None


def _path(kind: str, *folders: str) -> Callable[[SplitResult], Link | None]:
    """The id is the whole path, or what follows one of `folders`."""

    def read(parts: SplitResult) -> Link | None:
        found = _after(parts, *folders) if folders else "/".join(_segments(parts))
        return Link(kind, found) if found else None

    return read


def _first(kind: str) -> Callable[[SplitResult], Link | None]:
    return lambda parts: _word(kind, _after(parts, "embedded") or _after(parts))


_SITES: dict[str, Callable[[SplitResult], Link | None]] = {
    "youtube.com": _youtube,
    "youtube-nocookie.com": _youtube,
    "youtu.be": _first("yt"),
    "vimeo.com": _vimeo,
    "player.vimeo.com": _vimeo,
    "dailymotion.com": _dailymotion,
    "geo.dailymotion.com": _dailymotion,
    "dai.ly": _path("dm"),
    "streamable.com": _streamable,
    "twitch.tv": _twitch,
    "player.twitch.tv": _twitch_player,
    "clips.twitch.tv": _twitch_clip,
    "docs.google.com": _drive,
    "drive.google.com": _drive,
    "soundcloud.com": _soundcloud,
    "livestream.com": _livestream,
    "bitchute.com": _path("bc", "video", "embed"),
    "nicovideo.jp": _path("nv", "watch"),
    "sp.nicovideo.jp": _path("nv", "watch"),
    "nico.ms": _path("nv"),
    "odysee.com": _odysee,
    "ustream.tv": _path("us"),
    "hitbox.tv": _path("hb"),
    "smashcast.tv": _path("hb"),
    "imgur.com": _path("im", "a"),
    "vid.me": _first("vm"),
    "mixer.com": _first("mx"),
}
