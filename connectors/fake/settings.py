"""What a connection to a room in memory needs to be told."""

from pydantic import BaseModel, ConfigDict


class FakeSettings(BaseModel):
    """Connectors of one process that name the same room meet in it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    connection: str
    site: str = ""
    room: str = "den"
    user: str = "Rosey"
