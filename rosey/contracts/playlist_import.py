"""Another bot's queue for a room whose playlist runs: what its workflow is given and answers."""

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

BRING_IN = "bring_in"


class BroughtItem(BaseModel):
    """Something that waited elsewhere. It is the `nth` like it that the room is to have.

    Alike are the same thing to see from the same person.
    """

    model_config = ConfigDict(extra="ignore")
    type: str
    media_id: str
    title: str = ""
    seconds: float = 0.0
    added_by: str = ""
    added_at: AwareDatetime | None = None
    nth: int = 1


class BringIn(BaseModel):
    """A part of a queue, in order. `run` is the attempt's own, `before` counts what earlier parts
    added; after the `last` part the room hears of all."""

    model_config = ConfigDict(extra="ignore")
    items: list[BroughtItem]
    run: str
    before: int = 0
    last: bool = True


class BroughtIn(BaseModel):
    """What became of it; `run` is that of the attempt that did it. `waiting` is all that waits."""

    model_config = ConfigDict(extra="ignore")
    run: str
    added: int = 0
    known: int = Field(default=0, description="there already")
    waiting: int = 0
