"""What the room's memory is asked by plugins."""

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

LAST_LINE = "core.last_line"


class LastLineAsked(BaseModel):
    """What somebody said last in a room, for those who may use `core.last_line`."""

    model_config = ConfigDict(extra="ignore")
    channel: str
    user: str = Field(description="whatever the case of the letters")
    before: AwareDatetime | None = Field(
        default=None, description="the time of a public line; only what was said before it counts"
    )
    prefix: str = Field(default="", description="lines that begin with it, as commands do, do not")


class LastLine(BaseModel):
    """All of it is null when nothing of that person is kept."""

    model_config = ConfigDict(extra="ignore")
    username: str | None = None
    text: str | None = None
    sent_at: AwareDatetime | None = None
