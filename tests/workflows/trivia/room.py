"""A room for the workflow alone: its activities do nothing but note what was said."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from rosey.contracts.chat import ANNOUNCE, ASK, Announced, Announcement
from rosey.contracts.trivia import (
    PICK_QUESTIONS,
    RECORD_GAME,
    GameResult,
    PickedQuestions,
    PickQuestions,
    Question,
)
from rosey.storage import Unavailable

CAPITALS = [("France", "Paris"), ("Italy", "Rome"), ("Norway", "Oslo"), ("Japan", "Tokyo")]


def questions(count: int) -> list[Question]:
    return [
        Question(
            id=f"geography-{number}",
            text=f"What is the capital of {CAPITALS[number % 4][0]}? ({number})",
            answer=CAPITALS[number % 4][1],
            difficulty="medium",
            category="geography",
        )
        for number in range(count)
    ]


def _open() -> asyncio.Event:
    gate = asyncio.Event()
    gate.set()
    return gate


@dataclass
class SilentRoom:
    """Notes what the workflow says; shows questions at `shown_at` of the platform's clock.

    While the `gate` is shut no question is picked or shown; `withdrawn` ones are never shown.
    While the database is `away` no result is kept, each try being counted; what it `refused` it
    never keeps.
    """

    lines: list[str] = field(default_factory=list)
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    results: list[dict[str, Any]] = field(default_factory=list)
    shown: list[datetime] = field(default_factory=list)
    listening: bool = False
    problem: str = ""
    withdrawn: bool = False
    away: bool = False
    refused: bool = False
    tries: list[str] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=_open)
    clock: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    def _note(self, announcement: Announcement) -> None:
        self.lines += announcement.lines
        self.events += [(event.name, event.data) for event in announcement.events]
        if announcement.stop_listening:
            self.listening = False

    @activity.defn(name=ANNOUNCE)
    async def announce(self, announcement: Announcement) -> Announced:
        self._note(announcement)
        return Announced(action_id="a")

    @activity.defn(name=ASK)
    async def ask(self, announcement: Announcement) -> Announced:
        self._note(announcement)
        self.listening = True
        await self.gate.wait()
        if self.withdrawn:
            return Announced(action_id="a")
        self.clock = activity.info().current_attempt_scheduled_time + timedelta(milliseconds=1)
        self.shown.append(self.clock)
        return Announced(action_id="a", shown_at=self.clock)

    @activity.defn(name=PICK_QUESTIONS)
    async def pick(self, wish: PickQuestions) -> PickedQuestions:
        await self.gate.wait()
        if self.problem:
            return PickedQuestions(questions=[], problem=self.problem)
        return PickedQuestions(questions=questions(wish.count))

    @activity.defn(name=RECORD_GAME)
    async def record(self, result: GameResult) -> None:
        self.tries.append(result.game)
        if self.refused:
            raise ApplicationError("no such table", type="VALIDATION_ERROR", non_retryable=True)
        if self.away:
            raise Unavailable("The database is not there.")
        self.results.append(result.model_dump(mode="json"))

    @property
    def activities(self) -> list[Any]:
        return [self.announce, self.ask, self.pick, self.record]
