"""What a connection remembers over crashes, and what a rejoin makes of it. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum

from pydantic import AwareDatetime, BaseModel

from rosey.events import Action, Message

REMEMBERED = 50
YOUNG = timedelta(minutes=1)


class InFlight(BaseModel):
    """The one action being said, line by line.

    `line` is the number of the line that is due; `doubtful` says that it may have been sent.
    `shown_at` is set when all lines were shown and only the word of it is not stored yet.
    """

    action: Action
    lines: list[str]
    line: int = 0
    doubtful: bool = False
    shown_at: AwareDatetime | None = None

    @property
    def text(self) -> str:
        return self.lines[self.line]

    @property
    def is_last(self) -> bool:
        return self.line + 1 >= len(self.lines)


class Record(BaseModel):
    """Times in milliseconds of the platform's clock.

    `seen_at`: lines from then on may not be stored yet; `heard_at`, `heard_id`: the newest line
    the room has shown us, after which whatever we say comes; `done`: actions said lately;
    `undecided`: how often nobody could tell whether a line had been shown.
    """

    seen_at: int = 0
    heard_at: int = 0
    heard_id: str = ""
    in_flight: InFlight | None = None
    done: list[str] = []
    undecided: int = 0

    def begin(self, action: Action, lines: list[str]) -> InFlight:
        """Takes up an action, or goes on with it where it was interrupted."""
        if self.in_flight is None or self.in_flight.action.id != action.id:
            self.in_flight = InFlight(action=action, lines=lines)
        return self.in_flight

    def hear(self, message: Message) -> None:
        """The room shows a line; private ones have no place in its history."""
        if not message.pm:
            self.heard_at, self.heard_id = milliseconds(message.sent_at), message.id

    def shown(self, at: datetime) -> None:
        """The line that was under way has been shown."""
        waiting = self.in_flight
        assert waiting
        waiting.doubtful = False
        if waiting.is_last:
            waiting.shown_at = at
        else:
            waiting.line += 1

    def pass_over(self) -> None:
        """Nobody can tell whether the line was shown: it is counted and not sent again."""
        waiting = self.in_flight
        assert waiting
        self.undecided += 1
        waiting.doubtful = False
        if waiting.is_last:
            self.finish(waiting.action.id)
        else:
            waiting.line += 1

    def finish(self, action_id: str) -> None:
        if self.in_flight and self.in_flight.action.id == action_id:
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


def is_ours(message: Message, waiting: InFlight) -> bool:
    """Whether it is a line of ours of the kind that is under way, whatever the room made of it."""
    return message.own and message.pm == (waiting.action.kind == "pm")


def is_echo(message: Message, waiting: InFlight) -> bool:
    """Whether our own message is the line under way, as the platform shows it."""
    return is_ours(message, waiting) and _same(message.text, waiting.text)


def _same(shown: str, sent: str) -> bool:
    shown, sent = folded(shown), folded(sent)
    return shown == sent or not any(char.isalnum() for char in shown + sent)


def first_join(backlog: Sequence[Message]) -> Record:
    """Everything before the first join is context: we begin at its end."""
    record = Record()
    for message in backlog:
        record.hear(message)
        record.seen_at = max(record.seen_at, milliseconds(message.sent_at) + 1)
    return record


def missed(record: Record, backlog: Sequence[Message], now: datetime) -> list[Message]:
    """Lines said while we were away that are still worth hearing.

    Of several lines of one millisecond not all need be stored; those that are have their ids.
    """
    return [
        message
        for message in backlog
        if not message.own
        and milliseconds(message.sent_at) >= record.seen_at
        and now - message.sent_at < YOUNG
    ]


def has_gap(record: Record, backlog: Sequence[Message], limit: int, now: datetime) -> bool:
    """Whether lines were missed for good: too old by now, or no longer in the backlog."""
    unseen = [message for message in backlog if milliseconds(message.sent_at) > record.seen_at]
    if any(now - message.sent_at >= YOUNG for message in unseen if not message.own):
        return True
    return len(backlog) >= limit and len(unseen) == len(backlog)


def decide(record: Record, backlog: Sequence[Message], limit: int) -> Verdict | None:
    """Settles the line that was under way when we were last here; None when none was."""
    waiting = record.in_flight
    became = None
    if waiting and waiting.doubtful:
        became, shown_at = verdict(record, backlog, limit)
        if shown_at:
            record.shown(shown_at)
        elif became is Verdict.UNDECIDED:
            record.pass_over()
        else:
            waiting.doubtful = False
    for message in backlog:
        record.hear(message)
    return became


def verdict(
    record: Record, backlog: Sequence[Message], limit: int
) -> tuple[Verdict, datetime | None]:
    """What the replayed backlog says about the line under way, and when it was shown."""
    waiting = record.in_flight
    assert waiting
    if waiting.action.kind == "pm":
        return Verdict.UNDECIDED, None
    ours = [message for message in _since(record, backlog) if is_ours(message, waiting)]
    for message in ours:
        if is_echo(message, waiting):
            return Verdict.SHOWN, message.sent_at
    if ours or not _reaches_back(record, backlog, limit):
        return Verdict.UNDECIDED, None
    return Verdict.AGAIN, None


def _since(record: Record, backlog: Sequence[Message]) -> Sequence[Message]:
    """What the room has shown after the newest line we know of."""
    for number, message in enumerate(backlog):
        if message.id == record.heard_id:
            return backlog[number + 1 :]
    return [message for message in backlog if milliseconds(message.sent_at) > record.heard_at]


def _reaches_back(record: Record, backlog: Sequence[Message], limit: int) -> bool:
    if not record.heard_id:
        return len(backlog) < limit
    return any(milliseconds(message.sent_at) <= record.heard_at for message in backlog)
