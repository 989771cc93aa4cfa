"""Finding out what a request for something to play means."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

LOOK_UP = "look_up_media"

Source = Literal["link", "search", "catalogue"]


class Wanted(BaseModel):
    """What somebody asked for, and where it may come from; `types` empty: any that is known."""

    channel: str
    text: str = Field(description="a link, or words of a title")
    sources: list[Source] = ["link", "catalogue", "search"]
    types: list[str] = Field(default=[], description="the platform's: yt, cm, fi, ...")


class FoundMedia(BaseModel):
    """Something that can be queued. `seconds` is 0 when unknown or live.

    `title` is empty when nobody could tell it; the item is usable all the same.
    """

    model_config = ConfigDict(extra="ignore")
    type: str
    id: str
    title: str = ""
    seconds: float = 0.0
    live: bool = False
    thumbnail: str = ""
    series: str = Field(default="", description="what it is a part of, where the catalogue says")
    source: Source = "link"


class LookedUp(BaseModel):
    """`problem`: a sentence for the one who asked, when there is nothing.

    `others` are further answers to a search, best first.
    """

    media: FoundMedia | None = None
    others: list[FoundMedia] = []
    problem: str = ""
