"""A question on the table and people who say things, for tests of the rules."""

from datetime import UTC, datetime, timedelta
from typing import Any

from rosey.contracts.trivia import Question
from rosey.durable import Order
from rosey.events import Outcome
from workflows.trivia import game as moves
from workflows.trivia.models import Game, Room

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
SHOWN = NOW + timedelta(milliseconds=17)  # the platform's clock is not ours
CITIES = ["Paris", "Rome", "Oslo", "Berlin"]
QUESTIONS = [
    Question(id="q-free", text="The capital of France?", answer="Paris", difficulty="medium"),
    Question(
        id="q-choice",
        text="The capital of Italy?",
        kind="multiple",
        answer="Rome",
        choices=CITIES,
        difficulty="hard",
    ),
    Question(id="q-true", text="Oslo is in Norway.", kind="boolean", answer="True"),
]
SAID = ["Paris", "pariss", "rome", "b", "a", "z", "true", "no", "", "  ", "the city of light", "7"]
PEOPLE = ["alice", "Alice", "bob", "eve"]


def order(action: str = "answer", **fields: Any) -> Order:
    return Order.model_validate({"action": action, "user": "bob", "rank": 0.0} | fields)


def opened(question: Question = QUESTIONS[0], **options: Any) -> Room:
    """A room in which `question` has just been shown."""
    room = Room(channel="lounge/lobby")
    moves.start(room, order("start", user="alice", settings=options), "g-1")
    assert room.game
    room.game.questions = [question, *QUESTIONS]
    moves.open_next(room, NOW)
    moves.shown(room.game, SHOWN, NOW)
    return room


def playing(room: Room) -> Game:
    assert room.game
    return room.game


def say(room: Room, user: str, text: str, after: float = 1.0, **fields: Any) -> Outcome:
    """A plain line so many seconds after the question was shown."""
    at = SHOWN + timedelta(seconds=after)
    sound: dict[str, Any] = {"user": user, "text": text, "plain": True}
    sound |= {"sent_at": at, "shown_at": SHOWN}
    return moves.answer(room, order(**(sound | fields)), fields.get("now", at))
