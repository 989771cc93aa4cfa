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
    """Which process has the connection: its own task queue."""

    queue: str


class Progress(BaseModel):
    """What an attempt to hold a connection tells the next one in its heartbeats."""

    failures: int = 0
    connected_since: AwareDatetime | None = None


class Observed(BaseModel):
    """A snapshot for the `state` query."""

    connected: bool = False
    since: AwareDatetime | None = None
    room: RoomState = RoomState()
