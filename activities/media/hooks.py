"""Hooks: more about a link's media, from oEmbed, from a manifest, from the name of a file."""

import logging
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from activities.media.addresses import is_number
from activities.media.sources import Hook, picture, tidy
from activities.media.web import Web, WebError
from rosey.contracts.media import FoundMedia
from rosey.media import Link

# What follows the `=` is the address of the media.
OEMBED = {
    "yt": "https://www.youtube.com/oembed?format=json&url=",
    "vi": "https://vimeo.com/api/oembed.json?url=",
    "dm": "https://www.dailymotion.com/services/oembed?format=json&url=",
    "sb": "https://api.streamable.com/oembed.json?url=",
    "sc": "https://soundcloud.com/oembed?format=json&url=",
}
OEMBED_SECONDS = 4.0
OEMBED_BYTES = 65_536
# CyTube's own limits for manifests.
MANIFEST_SECONDS = 10.0
MANIFEST_BYTES = 100 * 1024
QUALITIES = (240, 360, 480, 540, 720, 1080, 1440, 2160)
log = logging.getLogger(__name__)
CONTENT_TYPE = re.compile(r"(?:video|audio)/[\w.+-]+|application/(?:x-mpegURL|dash\+xml)")


async def filled(hooks: Iterable[Hook], media: FoundMedia) -> FoundMedia:
    """What each hook knows more of, one after the other; one that fails leaves it as it is."""
    for hook in hooks:
        try:
            media = await hook.fill(media)
        except WebError as problem:
            log.info("nothing more about %s:%s: %s", media.type, media.id, problem)
    return media


class OEmbed:
    """Title and picture of what a site plays, as the site itself tells everybody."""

    def __init__(self, web: Web, endpoints: Mapping[str, str] = OEMBED) -> None:
        self._web = web
        self._endpoints = endpoints

    async def fill(self, media: FoundMedia) -> FoundMedia:
        """Raises WebError."""
        endpoint = self._endpoints.get(media.type)
        if endpoint is None:
            return media
        address = quote(Link(media.type, media.id).url, safe="")
        answer = await self._web.json(endpoint + address, most=OEMBED_BYTES, seconds=OEMBED_SECONDS)
        if not isinstance(answer, dict):
            raise WebError("it is no oEmbed answer")
        return media.model_copy(
            update={
                "title": tidy(answer.get("title")) or media.title,
                "thumbnail": picture(answer.get("thumbnail_url")) or media.thumbnail,
            }
        )


class Manifest:
    """What a custom manifest says of itself. One that CyTube would refuse says nothing."""

    def __init__(self, web: Web) -> None:
        self._web = web

    async def fill(self, media: FoundMedia) -> FoundMedia:
        """Raises WebError."""
        if media.type != "cm":
            return media
        manifest = await self._web.json(
            media.id, most=MANIFEST_BYTES, seconds=MANIFEST_SECONDS, redirects=0
        )
        if wrong := _wrong(manifest):
            raise WebError(f"the manifest is not sound: {wrong}")
        live = manifest.get("live", False)
        return media.model_copy(
            update={
                "title": tidy(manifest["title"]),
                "seconds": 0.0 if live else float(manifest["duration"]),
                "live": live,
                "thumbnail": picture(manifest.get("thumbnail")),
            }
        )


class FileName:
    """The name of a file stands for its title."""

    async def fill(self, media: FoundMedia) -> FoundMedia:
        """Never fails."""
        if media.type != "fi" or media.title:
            return media
        name = unquote(urlsplit(media.id).path.rpartition("/")[2])
        words = re.sub(r"[_+]+", " ", name.rpartition(".")[0])
        return media.model_copy(update={"title": tidy(words)})


def _wrong(manifest: Any) -> str:
    """The first thing that CyTube would refuse; empty when there is none."""
    if not isinstance(manifest, dict):
        return "it is no object"
    if not tidy(manifest.get("title")):
        return "title must be a text"
    if not _is_duration(manifest.get("duration")):
        return "duration must be a non-negative number of seconds"
    if not isinstance(manifest.get("live", False), bool):
        return "live must be true or false"
    sources = manifest.get("sources")
    if not isinstance(sources, list) or not sources:
        return "sources must be a list with something in it"
    return next((wrong for source in sources if (wrong := _wrong_source(source))), "")


def _is_duration(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return 0 <= value <= 1e9 and math.isfinite(value)


def _wrong_source(source: Any) -> str:
    if not isinstance(source, dict):
        return "a source must be an object"
    if not _is_named(source.get("url")):
        return "a source's url must begin with https:// and the name of a host"
    if not CONTENT_TYPE.fullmatch(str(source.get("contentType"))):
        return "a source's contentType is no video's and no sound's"
    if source.get("quality") not in QUALITIES:
        return "a source's quality is unknown"
    return ""


def _is_named(address: Any) -> bool:
    """Whether it is https on the name of a host, as browsers of others will fetch it."""
    if not isinstance(address, str):
        return False
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    host = parts.hostname or ""
    return parts.scheme == "https" and bool(host) and not is_number(host)
