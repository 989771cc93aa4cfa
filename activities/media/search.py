"""Searching for media by words, in an Invidious instance that the operator has chosen."""

import logging
import math
import re
from typing import Any
from urllib.parse import urlencode

from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.media.sources import MOST_OTHERS, allows, tidy
from activities.media.web import Web, WebError
from rosey.contracts.media import FoundMedia, LookedUp, Wanted

log = logging.getLogger(__name__)

SECONDS = 8.0
BYTES = 2_000_000
UNAVAILABLE = "UNAVAILABLE"

NOT_SET_UP = "Searching is not set up here; a link works."
AWAY = "The search does not answer at the moment; a link works."
BROKEN = "The search does not work at the moment; a link works."


class NoSearch:
    """Stands where no search is configured."""

    async def find(self, wanted: Wanted) -> LookedUp | None:
        """Says so."""
        return LookedUp(problem=NOT_SET_UP)


class Invidious:
    """`GET <instance>/api/v1/search?q=WORDS&type=video`, which finds YouTube's videos."""

    def __init__(self, web: Web, instance: str) -> None:
        self._web = web
        self._address = f"{instance.rstrip('/')}/api/v1/search?"

    async def find(self, wanted: Wanted) -> LookedUp | None:
        """The first video and what comes after it.

        Raises ApplicationError when the instance does not answer; its message is for the person.
        """
        if not allows(wanted, "yt"):
            return None
        query = urlencode({"q": wanted.text, "type": "video"})
        try:
            answer = await self._web.json(self._address + query, most=BYTES, seconds=SECONDS)
        except WebError as problem:
            return _failed(problem)
        if not isinstance(answer, list):
            return _failed(WebError("it is no list"))
        found = [media for each in answer if (media := _video(each))]
        return LookedUp(media=found[0], others=found[1 : MOST_OTHERS + 1]) if found else None


def _failed(problem: WebError) -> LookedUp:
    if not problem.passing:
        log.error("the media search: %s", problem)
        return LookedUp(problem=BROKEN)
    log.warning("the media search: %s", problem)
    # Benign: Temporal's library would log each try with its whole stack.
    raise ApplicationError(AWAY, type=UNAVAILABLE, category=ApplicationErrorCategory.BENIGN)


def _video(entry: Any) -> FoundMedia | None:
    """One result; None for a channel, for what is yet to come, and for what makes no sense."""
    if not isinstance(entry, dict) or entry.get("type", "video") != "video":
        return None
    video, seconds = entry.get("videoId"), entry.get("lengthSeconds", 0)
    if not isinstance(video, str) or not re.fullmatch(r"[A-Za-z0-9_-]{11}", video):
        return None
    if entry.get("isUpcoming") is True:
        return None
    live = entry.get("liveNow") is True
    known = isinstance(seconds, int | float) and math.isfinite(seconds) and seconds > 0
    return FoundMedia(
        type="yt",
        id=video,
        title=tidy(entry.get("title")),
        seconds=float(seconds) if known and not live else 0.0,
        live=live,
        # The instance's own pictures may lie where only we can reach them.
        thumbnail=f"https://i.ytimg.com/vi/{video}/mqdefault.jpg",
        source="search",
    )
