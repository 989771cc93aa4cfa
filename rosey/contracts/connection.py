"""What the `Connection` workflow and the process that holds the socket agree on."""

from pydantic import AwareDatetime, BaseModel, Field

from rosey.platform import RoomState

TASK_QUEUE = "connection"
CLAIM = "claim"
HOLD = "hold"
LEAVE = "leave"
OBSERVED = "observed"

# Types of the failures after which trying again does not help.
REFUSED = "Refused"
ELSEWHERE = "LoggedInElsewhere"


class Wanted(BaseModel):
    """A connection that somebody has to hold. `failures` since the last that lasted a minute."""

    connection: str
    failures: int = 0


class Claimed(BaseModel):
    """The task queue of the process that holds it."""

    queue: str


class Pulse(BaseModel):
    """What the long activity's heartbeats say, and the next attempt starts from."""

    failures: int = 0
    connected_since: AwareDatetime | None = None


class Observed(BaseModel):
    """How the connection and its room look from the process that holds it."""

    connected: bool = False
    since: AwareDatetime | None = Field(default=None, description="of the present connection")
    failures: int = 0
    last_error: str = ""
    room: RoomState = RoomState()
