"""What the `Trivia` workflow asks of activities."""

from typing import Literal

from pydantic import BaseModel, Field

PICK_QUESTIONS = "pick_questions"

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
