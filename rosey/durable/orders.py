"""What a room's workflow is told, and what it remembers having been told."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from rosey.events import Command, Outcome
from rosey.names import LONGEST_NAME
from rosey.ranks import Rank

KEEP_FOR = timedelta(minutes=15)
KEEP_AT_LEAST = 500
# More would not fit into what a run may hand to the next.
KEEP_AT_MOST = 10_000
LONGEST_TEXT = 2_000


class Order(BaseModel):
    """One thing asked of a workflow. What a person at the controls leaves out gets a default.

    `sent_at` and `shown_at` are the platform's times; an order without an id is never a repeat.
    Longer names and texts are cut: what a workflow repeats must fit into a message.
    """

    model_config = ConfigDict(extra="ignore")
    id: str = ""
    action: str = ""
    user: Annotated[str, AfterValidator(lambda name: name[:LONGEST_NAME])] = "operator"
    rank: float = Field(default=Rank.ADMIN.value, allow_inf_nan=False)
    text: Annotated[str, AfterValidator(lambda text: text[:LONGEST_TEXT])] = ""
    sent_at: AwareDatetime | None = None
    shown_at: AwareDatetime | None = None
    seq: int = 0
    plain: bool = False
    settings: dict[str, Any] | None = None
    event: dict[str, Any] | None = Field(
        default=None, description="what happened in the room, for an order that nobody gave"
    )

    @classmethod
    def of(cls, command: Command, settings: dict[str, Any] | None = None) -> Self:
        return cls(
            id=command.id,
            action=command.action,
            user=command.user.name,
            rank=command.user.rank,
            text=command.text,
            sent_at=command.sent_at,
            shown_at=command.shown_at,
            seq=command.seq,
            plain=command.plain,
            settings=settings,
            event=command.event,
        )


class Turn(BaseModel):
    """An order that was taken: when, and what it was answered unless that was nothing."""

    id: str
    at: AwareDatetime
    outcome: Outcome | None = None


class Kept(BaseModel):
    """The orders of the last 15 minutes, 500 to 10,000 of them; carried from run to run."""

    turns: dict[str, Turn] = {}

    def find(self, order_id: str) -> Outcome | None:
        """The first answer to an order that comes again; None for a new one."""
        turn = self.turns.get(order_id)
        if turn is None:
            return None
        return turn.outcome or Outcome()

    def add(self, order_id: str, outcome: Outcome, now: datetime) -> None:
        self.turns[order_id] = Turn(id=order_id, at=now, outcome=None if outcome.empty else outcome)
        while len(self.turns) > KEEP_AT_LEAST:
            oldest = next(iter(self.turns.values()))
            if now - oldest.at < KEEP_FOR and len(self.turns) <= KEEP_AT_MOST:
                return
            del self.turns[oldest.id]
