"""What the `Connection` workflow asks of the processes that hold connections."""

from pydantic import AwareDatetime, BaseModel

from rosey.platform import RoomState

CLAIM = "claim_connection"
HOLD = "hold_connection"
LEAVE = "leave_connection"
OBSERVED = "observed"

# Types of failures that no retry helps.
STOPPED = "Stopped"
ELSEWHERE = "LoggedInElsewhere"


class Claim(BaseModel):
    """Which process can hold the connection: its own task queue."""

    queue: str


class Hold(BaseModel):
    """A wish to be in the room. `turn` counts them: a wish from before a `leave` is void."""

    connection: str
    turn: int = 0


class Leave(BaseModel):
    """Leaves the room, and makes all wishes up to `turn` void."""

    turn: int = 0


class Progress(BaseModel):
    """What an attempt to hold a connection tells the next one in its heartbeats."""

    failures: int = 0
    connected_since: AwareDatetime | None = None


class Observed(BaseModel):
    """A snapshot for the `state` query."""

    connected: bool = False
    since: AwareDatetime | None = None
    failures: int = 0
    last_error: str = ""
    room: RoomState = RoomState()
