"""Which frame something came with: the source of times and ids for what has none of its own."""

from dataclasses import dataclass
from datetime import datetime

from rosey.events import Wire
from rosey.ids import derive

Event = tuple[str, Wire]


@dataclass(frozen=True, slots=True)
class Moment:
    """The `number`-th frame of the session that began at `session` (ms), received at `at`."""

    channel: str
    session: int
    number: int
    at: datetime

    def id(self, prefix: str, part: int = 0) -> str:
        """`part` counts the events of one frame."""
        return derive(prefix, self.channel, self.session, self.number, part)
