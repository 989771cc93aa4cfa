"""What a connection remembers over crashes, and what a rejoin makes of it. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum

from pydantic import BaseModel, Field

from rosey.events import Action, Message

REMEMBERED = 50
YOUNG = timedelta(minutes=1)


class InFlight(BaseModel):
    """The one action being said. `line` is the number of the line that is under way."""

    action: Action
    line: int = 0
    lines: list[str]

    @property
    def text(self) -> str:
        return self.lines[self.line]

    @property
    def is_last(self) -> bool:
        return self.line + 1 >= len(self.lines)


class Record(BaseModel):
    """Times in milliseconds of the platform's clock.

    `seen_at`: the last line stored; `confirmed_at`: our own last line that was shown, or where
    the history ended when we first came; `done`: actions said lately; `undecided`: how often
    nobody could tell whether a line had been shown.
    """

    seen_at: int = 0
    confirmed_at: int = 0
    in_flight: InFlight | None = None
    done: list[str] = Field(default=[])
    undecided: int = 0

    def finish(self, action_id: str) -> None:
        self.in_flight = None
        self.done = [*self.done, action_id][-REMEMBERED:]


class Verdict(Enum):
    """What became of the line that was under way."""

    SHOWN = "shown"
    AGAIN = "again"
    UNDECIDED = "undecided"


def milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def folded(text: str) -> str:
    """What survives a platform's markup: letters and digits; all of it when there are none."""
    return "".join(char for char in text if char.isalnum()).casefold() or text.strip()


def is_echo(message: Message, waiting: InFlight) -> bool:
    """Whether our own message is the line under way, as the platform shows it."""
    wanted_pm = waiting.action.kind == "pm"
    return message.own and message.pm == wanted_pm and _same(message.text, waiting.text)


def _same(shown: str, sent: str) -> bool:
    shown, sent = folded(shown), folded(sent)
    return shown == sent or not any(char.isalnum() for char in shown + sent)


def first_join(backlog: Sequence[Message]) -> Record:
    """Everything before the first join is context: we begin at its end."""
    newest = max((milliseconds(message.sent_at) for message in backlog), default=0)
    return Record(seen_at=newest, confirmed_at=newest)


def missed(record: Record, backlog: Sequence[Message], now: datetime) -> list[Message]:
    """Lines said while we were away that are still worth hearing."""
    return [
        message
        for message in backlog
        if not message.own
        and milliseconds(message.sent_at) > record.seen_at
        and now - message.sent_at < YOUNG
    ]


def has_gap(record: Record, backlog: Sequence[Message], limit: int) -> bool:
    """Whether the backlog is too short to reach back to the last line we stored."""
    if len(backlog) < limit:
        return False
    return min(milliseconds(message.sent_at) for message in backlog) > record.seen_at


def verdict(
    record: Record, backlog: Sequence[Message], limit: int
) -> tuple[Verdict, datetime | None]:
    """What the replayed backlog says about the line under way, and when it was shown."""
    waiting = record.in_flight
    assert waiting
    if waiting.action.kind == "pm":
        return Verdict.UNDECIDED, None
    for message in backlog:
        if milliseconds(message.sent_at) > record.confirmed_at and is_echo(message, waiting):
            return Verdict.SHOWN, message.sent_at
    return (Verdict.AGAIN if _reaches_back(record, backlog, limit) else Verdict.UNDECIDED), None


def _reaches_back(record: Record, backlog: Sequence[Message], limit: int) -> bool:
    if record.confirmed_at == 0:
        return len(backlog) < limit
    return any(milliseconds(message.sent_at) <= record.confirmed_at for message in backlog)
