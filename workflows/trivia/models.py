"""The state of a room's trivia, carried from run to run."""

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from rosey.contracts.trivia import GameResult, PlayerResult, Question
from rosey.durable import Kept
from rosey.events import Outcome

Phase = Literal["picking", "lead_in", "asking", "open", "reveal", "pause", "finish"]


class Settings(BaseModel):
    """What a room may change. Times in seconds."""

    model_config = ConfigDict(extra="forbid")
    questions: int = Field(default=10, ge=1, le=50)
    seconds: float = Field(default=30, ge=5, le=300, description="to answer a question")
    lead_in: float = Field(default=5, ge=0, le=60, description="before the first question")
    between: float = Field(default=3, ge=0, le=60, description="between two questions")
    grace: float = Field(default=5, ge=0, le=60, description="for the others after a right answer")
    tries: int = Field(default=5, ge=1, le=100, description="plain lines a person may guess with")
    hints: int = Field(default=3, ge=0, le=10, description="hints a question")


class Go(BaseModel):
    """One thing a person said to the open question. `final`: it counts also when it is wrong."""

    sent_at: AwareDatetime
    seq: int
    elapsed: float
    right: bool
    final: bool


class Player(PlayerResult):
    """Somebody's game so far."""

    streak: int = 0

    def after(self, go: Go, points: int) -> "Player":
        """How he stands once `go` counts for so many points."""
        streak = self.streak + 1 if go.right else 0
        times = [
            time for time in (self.fastest, go.elapsed if go.right else None) if time is not None
        ]
        return Player(
            name=self.name,
            score=self.score + points,
            correct=self.correct + go.right,
            answered=self.answered + 1,
            streak=streak,
            best_streak=max(self.best_streak, streak),
            fastest=min(times, default=None),
        )


class Try(BaseModel):
    """What a person did with the open question: the earliest goes in order of being said.

    `counted` is the one that counts, `before` how he stood without it.
    """

    before: Player | None = None
    goes: list[Go] = []
    counted: Go | None = None
    points: int = 0


class Round(BaseModel):
    """One question. `cutoff`: once it is closed, what was said later than that is too late.

    `shown_before` is the platform time of the question before it.
    """

    question: Question
    opened_at: AwareDatetime
    shown_before: AwareDatetime | None = None
    shown_at: AwareDatetime | None = None
    cutoff: AwareDatetime | None = None
    tries: dict[str, Try] = {}
    hints: int = 0

    def elapsed(self, sent_at: datetime | None, shown_at: datetime | None, now: datetime) -> float:
        """Seconds from shown to said on the platform's clock, or on ours when it is unknown."""
        shown = self.shown_at or shown_at
        if sent_at and shown:
            return max(0.0, (sent_at - shown).total_seconds())
        return max(0.0, (now - self.opened_at).total_seconds())


class Game(BaseModel):
    """A game from `start` to its final table. `until`: when the present phase ends by itself."""

    id: str
    started_by: str
    settings: Settings
    category: str = ""
    wanted: int = 10
    questions: list[Question] = []
    index: int = -1
    phase: Phase = "picking"
    until: AwareDatetime | None = None
    round: Round | None = None
    players: dict[str, Player] = {}
    stopped_by: str = ""

    @property
    def last(self) -> bool:
        return self.index + 1 >= len(self.questions)


class Room(BaseModel):
    """Everything a run hands to the next."""

    channel: str = ""
    game: Game | None = None
    last_table: str = ""
    asked: list[str] = Field(default=[], description="ids of questions asked lately")
    kept: Kept = Kept()
    unsaid: list[Outcome] = []
    unrecorded: list[GameResult] = Field(default=[], description="not yet written, oldest first")


class TriviaState(BaseModel):
    """The answer to the `state` query."""

    channel: str
    playing: bool
    phase: str = "idle"
    question: str = ""
    number: int = 0
    of: int = 0
    players: int = 0
    started_by: str = ""
    unrecorded: int = 0


class Score(BaseModel):
    """One line of the `scores` query."""

    user: str
    score: int
    correct: int
    best_streak: int
