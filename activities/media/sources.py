"""What a place to find media looks like, and what tells more about media that was found."""

import re
from typing import Protocol

from rosey.contracts.media import FoundMedia, LookedUp, Wanted
from rosey.media import PLAYABLE

MOST_OTHERS = 5
LONGEST_TITLE = 255


class Source(Protocol):
    """One way from a request to media."""

    async def find(self, wanted: Wanted) -> LookedUp | None:
        """None when it knows nothing; a problem only for what the person should hear.

        Raises ApplicationError for what is worth another try.
        """


class Hook(Protocol):
    """Fills in what nobody knows yet: a title, a length, a picture."""

    async def fill(self, media: FoundMedia) -> FoundMedia:
        """The same media, with more about it or not. Raises WebError."""


def allows(wanted: Wanted, kind: str) -> bool:
    """Whether the room takes this kind of media."""
    return kind in wanted.types if wanted.types else kind in PLAYABLE


def kinds(types: list[str]) -> str:
    """`yt`, `vi` as people know them."""
    return ", ".join(PLAYABLE.get(each, each) for each in types)


def tidy(text: object) -> str:
    """A title as one line of sensible length; empty for what is no text."""
    if not isinstance(text, str):
        return ""
    line = " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]", " ", text).split())
    return line if len(line) <= LONGEST_TITLE else line[: LONGEST_TITLE - 1] + "…"


def picture(text: object) -> str:
    """A thumbnail's address, if it is one that browsers take from us."""
    if isinstance(text, str) and re.fullmatch(r"https://[!#-&(-;=?-~]{1,2000}", text):
        return text
    return ""
