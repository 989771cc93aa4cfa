"""The state of a connection, carried from run to run."""

from pydantic import AwareDatetime, BaseModel, ConfigDict

from rosey.contracts.connection import Observed
from rosey.platform import RoomState


class Request(BaseModel):
    """What `connect` and `disconnect` may say: who wants it."""

    model_config = ConfigDict(extra="ignore")
    user: str = "operator"


class Link(BaseModel):
    """Everything a run hands to the next.

    `wanted`: whether Rosey should be in the room; `queue`: the process that has the socket;
    `turn` counts the wishes to hold it.
    """

    connection: str = ""
    wanted: bool = True
    stopped: str = ""
    queue: str = ""
    turn: int = 0
    seen: Observed = Observed()


class ConnectionState(BaseModel):
    """The answer to the `state` query. `position` in seconds, as of now.

    `queue` is the process that holds the connection.
    """

    connection: str
    wanted: bool
    connected: bool
    queue: str = ""
    since: AwareDatetime | None = None
    stopped: str = ""
    failures: int = 0
    last_error: str = ""
    room: RoomState
    position: float = 0.0
