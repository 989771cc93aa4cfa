"""What a connection remembers over crashes, and what a rejoin makes of it. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum

from pydantic import BaseModel

from rosey.events import Action, Message

REMEMBERED = 50
YOUNG = timedelta(minutes=1)
# Live lines come in their order; one so many milliseconds earlier shows a clock that was set back.
SET_BACK = 60_000


class InFlight(BaseModel):
    """The one action being said: `line` is the number of the line that is under way.

    `since`: the newest line known when it was noted; one that was shown is later.
    """

    action: Action
    lines: list[str]
    line: int = 0
    since: int = 0

    @property
    def text(self) -> str:
        return self.lines[self.line]

    @property
    def is_last(self) -> bool:
        return self.line + 1 >= len(self.lines)


class Record(BaseModel):
    """Times in milliseconds of the platform's clock.

    `seen_at`: lines from here on may be new; `confirmed_at`: our own last line that was shown, or
    where the history ended when we first came, with the ids of those lines of that millisecond;
    `done`: actions said lately; `undecided`: how often nobody could tell what became of a line;
    `edits`: changes of the playlist that are in hand, by their action ids, with their kinds.
    """

    channel: str = ""
    seen_at: int = 0
    confirmed_at: int = 0
    confirmed: list[str] = []
    in_flight: InFlight | None = None
    done: list[str] = []
    undecided: int = 0
    edits: dict[str, str] = {}

    def note(self, action: Action, lines: list[str], heard_at: int = 0) -> InFlight:
        """The action that is said now; one that was under way goes on at its line.

        `heard_at`: the newest line that has come from the platform, stored or not.
        """
        if self.in_flight is None or self.in_flight.action.id != action.id:
            self.in_flight = InFlight(action=action, lines=lines)
        self.in_flight.since = max(self.seen_at, self.confirmed_at, heard_at)
        return self.in_flight

    def hear(self, at: int) -> None:
        """A line of this time is stored."""
        self.seen_at = advance(self.seen_at, at)

    def confirm(self, shown: Message) -> None:
        """Our own line was shown."""
        at = milliseconds(shown.sent_at)
        if shown.pm or advance(self.confirmed_at, at) != at:
            return
        self.confirmed = [*(self.confirmed if at == self.confirmed_at else []), shown.id]
        self.confirmed_at = at

    def pass_over(self, waiting: InFlight) -> None:
        """Nobody can tell what became of the line: it is counted, and the next one is due."""
        self.undecided += 1
        if waiting.is_last:
            self.finish(waiting.action.id)
        else:
            waiting.line += 1

    def finish(self, action_id: str) -> None:
        """The action is over; another one may be under way by now."""
        if self.in_flight and self.in_flight.action.id == action_id:
            self.in_flight = None
        self.done = [*self.done, action_id][-REMEMBERED:]


class Verdict(Enum):
    """What became of the line that was under way."""

    SHOWN = "shown"
    AGAIN = "again"
    UNDECIDED = "undecided"


def advance(known: int, at: int) -> int:
    """The later of two of the platform's times, unless its clock was set back in between."""
    return at if at < known - SET_BACK else max(known, at)


def milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def first_join(channel: str, backlog: Sequence[Message]) -> Record:
    """Everything before the first join is context: we begin at its end."""
    newest = max((milliseconds(message.sent_at) for message in backlog), default=0)
    record = Record(channel=channel, seen_at=newest, confirmed_at=newest)
    record.confirmed = [
        message.id for message in backlog if milliseconds(message.sent_at) == newest
    ]
    return record


def missed(record: Record, backlog: Sequence[Message], now: datetime) -> list[Message]:
    """Lines said while we were away that are still worth hearing.

    Those of the last known millisecond may be among them: their ids make them once, and what
    was there at the first join is known.
    """
    return [
        message
        for message in backlog
        if not message.own
        and message.id not in record.confirmed
        and milliseconds(message.sent_at) >= record.seen_at
        and now - message.sent_at < YOUNG
    ]


def has_gap(
    record: Record, backlog: Sequence[Message], limit: int, now: datetime, heard_at: int = 0
) -> bool:
    """Whether lines were said that we shall not hear: too many of them, or too long ago.

    `heard_at`: the newest line that has come from the platform, stored or not.
    """
    known = max(record.seen_at, heard_at)
    later = [message for message in backlog if milliseconds(message.sent_at) > known]
    if len(later) >= limit:
        return True
    return any(not message.own and now - message.sent_at >= YOUNG for message in later)


def verdict(record: Record, backlog: Sequence[Message]) -> tuple[Verdict, Message | None]:
    """What the replayed backlog says about the line under way, and how it was shown.

    A room may change our words, so it is the place in the order that counts, not the text.
    """
    waiting = record.in_flight
    assert waiting
    if waiting.action.kind == "pm":
        return Verdict.UNDECIDED, None
    for message in backlog:
        if message.own and _is_later(record, message):
            return Verdict.SHOWN, message
    return (Verdict.AGAIN if _reaches_back(waiting, backlog) else Verdict.UNDECIDED), None


def _is_later(record: Record, own: Message) -> bool:
    at = milliseconds(own.sent_at)
    if at == record.confirmed_at:
        return own.id not in record.confirmed
    return at > record.confirmed_at


def _reaches_back(waiting: InFlight, backlog: Sequence[Message]) -> bool:
    # Where nothing had been said before, a cleared history looks like one we are not in.
    return waiting.since > 0 and any(
        milliseconds(message.sent_at) <= waiting.since for message in backlog
    )
