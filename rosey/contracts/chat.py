"""Saying things in a room from a workflow."""

from pydantic import AwareDatetime, BaseModel, Field

from rosey.events import Happening

ANNOUNCE = "announce"
ASK = "ask"


class Announcement(BaseModel):
    """Lines for a room with the events that belong to them.

    For `ask` the last line is a question: plain lines are listened for from before it is said,
    and the activity ends when the room has seen it.
    """

    channel: str
    lines: list[str] = []
    events: list[Happening] = []
    stop_listening: bool = Field(default=False, description="plain lines are wanted no longer")


class Announced(BaseModel):
    """`shown_at`: the platform's time of a question; None when nobody could be shown it."""

    action_id: str = ""
    shown_at: AwareDatetime | None = None
