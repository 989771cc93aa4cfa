"""What the `Trivia` workflow asks of activities."""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, Field

PICK_QUESTIONS = "pick_questions"
RECORD_GAME = "record_game"


Difficulty = Literal["easy", "medium", "hard"]
Kind = Literal["multiple", "boolean", "free"]


class Question(BaseModel):
    """One question. `answer` is shown at the end; `accepted` are other spellings that count."""

    id: str = Field(description="stable across loads: <category>-<hash of the text>")
    text: str
    kind: Kind = "free"
    answer: str
    accepted: list[str] = []
    choices: list[str] = []
    difficulty: Difficulty = "medium"
    category: str = "general"
    source: str = ""


class PickQuestions(BaseModel):
    """Ask for `count` questions (1-50); an unknown category is an error naming the known ones."""

    channel: str
    count: int = 10
    category: str = ""
    exclude: list[str] = Field(default=[], description="question ids asked lately in this room")


class PickedQuestions(BaseModel):
    questions: list[Question]
    problem: str = Field(default="", description="a sentence for the room when nothing fits")


class PlayerResult(BaseModel):
    """How somebody did in a game."""

    name: str
    score: int = 0
    correct: int = 0
    answered: int = 0
    best_streak: int = 0
    fastest: float | None = Field(default=None, description="seconds of the quickest right answer")


class GameResult(BaseModel):
    """A finished game, to be kept. `questions` are those that were asked, `players` best first."""

    game: str
    channel: str
    category: str = ""
    questions: int
    stopped: bool
    players: list[PlayerResult]
    finished_at: AwareDatetime | None = None
