"""A room's trivia: `trivia:<channel>`, outliving its games, closing after 20 quiet minutes."""

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, is_cancelled_exception

from rosey.contracts.chat import ANNOUNCE, ASK, Announced, Announcement
from rosey.contracts.trivia import (
    PICK_QUESTIONS,
    RECORD_GAME,
    GameResult,
    PickedQuestions,
    PickQuestions,
)
from rosey.durable import Durable, Order, carried, handlers
from rosey.durable.base import nap
from rosey.events import Happening, Outcome
from workflows.trivia import game as moves
from workflows.trivia import texts
from workflows.trivia.models import Game, Room, Score, TriviaState

QUIET_SECONDS = 20 * 60
# A line for the room is a matter of milliseconds; what hangs longer lost its process.
TO_SAY = timedelta(seconds=5)
TO_SHOW = timedelta(minutes=10)
HEARTBEAT = timedelta(seconds=3)
TO_RECORD = timedelta(seconds=10)
# Until the database is back, however long that takes.
RECORD_AGAIN = RetryPolicy(maximum_interval=timedelta(minutes=1))
# Runs that began before wait for each result to be written, and must go on doing so.
RECORD_BESIDE = "results are written beside the clock"


@workflow.defn(name="Trivia")
class Trivia(Durable):
    """Asks, judges and keeps score; `run` is the clock, the handlers are the players."""

    @workflow.init
    def __init__(self, given: object = None, *_: object) -> None:
        self.room = carried(given, Room)
        self.room.channel = self.room.channel or workflow.info().workflow_id.partition(":")[2]
        self.kept = self.room.kept
        self.unsaid = self.room.unsaid
        self.recording: asyncio.Task[None] | None = None

    start_signal, start_update = handlers(
        "start", 'Start a game: {"user": "bob", "text": "5 film"}'
    )
    answer_signal, answer_update = handlers("answer", 'Answer: {"user": "bob", "text": "paris"}')
    hint_signal, hint_update = handlers("hint", "Unveil some letters of the answer")
    skip_signal, skip_update = handlers("skip", "Go on to the next question")
    stop_signal, stop_update = handlers("stop", "End the game with its table")

    @workflow.query(name="state", description="What is going on")
    def state(self) -> TriviaState:
        game = self.room.game
        if game is None:
            return TriviaState(
                channel=self.room.channel, playing=False, unrecorded=len(self.room.unrecorded)
            )
        return TriviaState(
            channel=self.room.channel,
            playing=True,
            phase=game.phase,
            question=game.round.question.text if game.round else "",
            number=game.index + 1,
            of=len(game.questions),
            players=len(game.players),
            started_by=game.started_by,
            unrecorded=len(self.room.unrecorded),
        )

    @workflow.query(name="scores", description="The table of the game, best first")
    def scores(self) -> list[Score]:
        players = moves.standings(self.room.game) if self.room.game else []
        return [
            Score(user=p.name, score=p.score, correct=p.correct, best_streak=p.best_streak)
            for p in players
        ]

    def take(self, order: Order) -> Outcome:
        now = workflow.now()
        match order.action:
            case "start":
                return moves.start(self.room, order, f"g-{workflow.uuid4().hex[:12]}")
            case "answer":
                return moves.answer(self.room, order, now)
            case "hint":
                return moves.hint(self.room, order)
            case "skip":
                return moves.skip(self.room, order, now)
            case "stop":
                return moves.stop(self.room, order)
            case "scores":
                return moves.scores(self.room)
        return Outcome(error=f"Trivia knows no {order.action!r}.")

    @workflow.run
    async def run(self, given: object = None, *_: object) -> None:
        while True:
            self._show()
            self._record_beside()
            if self.unsaid:
                await self._speak()
            elif self.room.game:
                await self._step(self.room.game)
            elif not await self._somebody_came():
                return
            game = self.room.game
            if self.ought_to_renew(quiet=game is None or game.phase in ("lead_in", "pause")):
                await self.settled()
                workflow.continue_as_new(self.room)

    async def _somebody_came(self) -> bool:
        def busy() -> bool:
            return bool(self.room.game or self.unsaid)

        def wanted() -> bool:
            return busy() or self.ought_to_renew(quiet=True)

        if await nap(QUIET_SECONDS, wanted, "close when quiet"):
            return True
        await workflow.wait_condition(lambda: wanted() or not self.room.unrecorded)
        await self.settled()
        return wanted()

    async def _step(self, game: Game) -> None:
        """One phase of the game; orders that come meanwhile may move it on."""
        match game.phase:
            case "picking":
                await self._pick(game)
            case "lead_in" | "pause":
                if not await self._wait(game, "the next question"):
                    moves.open_next(self.room, workflow.now())
            case "asking":
                await self._ask(game)
            case "open":
                if not await self._wait(game, "time for answers"):
                    moves.close(game)
            case "reveal":
                await self._reveal(game)
            case "finish":
                await self._finish(game)

    async def _wait(self, game: Game, what: str) -> bool:
        """Waits for the phase's end; True when something moved the end or the game."""
        before = (game.phase, game.until)
        left = ((game.until or workflow.now()) - workflow.now()).total_seconds()

        def moved() -> bool:
            changed = (game.phase, game.until) != before
            return changed or bool(self.unsaid) or self.ought_to_renew(quiet=False)

        return await nap(left, moved, what)

    async def _pick(self, game: Game) -> None:
        wish = PickQuestions(
            channel=self.room.channel,
            count=game.wanted,
            category=game.category,
            exclude=self.room.asked,
        )
        picked = await workflow.execute_activity(
            PICK_QUESTIONS,
            wish,
            result_type=PickedQuestions,
            start_to_close_timeout=timedelta(seconds=30),
            summary=f"{game.wanted} questions",
        )
        if game.stopped_by:
            return
        if not picked.questions:
            self.room.game = None
            await self._announce([picked.problem or "There are no questions for that."])
            return
        game.questions = picked.questions
        event = Happening(
            name="game_started",
            data={"game": game.id, "questions": len(game.questions), "by": game.started_by},
        )
        await self._announce([texts.started(game)], [event])
        if game.phase == "picking":
            game.phase = "lead_in"
            game.until = workflow.now() + timedelta(seconds=game.settings.lead_in)

    async def _ask(self, game: Game) -> None:
        assert game.round
        number = game.index + 1
        event = Happening(
            name="question_asked",
            data={"game": game.id, "number": number, "question": game.round.question.id},
        )
        asking = workflow.start_activity(
            ASK,
            Announcement(channel=self.room.channel, lines=[texts.question(game)], events=[event]),
            result_type=Announced,
            start_to_close_timeout=TO_SHOW,
            heartbeat_timeout=HEARTBEAT,
            summary=f"question {number}",
        )
        await workflow.wait_condition(lambda: asking.done() or game.phase != "asking")
        if game.phase != "asking":
            asking.cancel()
            return
        announced = await asking
        if announced.shown_at is None:
            game.phase = "finish"
            return
        moves.shown(game, announced.shown_at, workflow.now())

    async def _reveal(self, game: Game) -> None:
        await self._announce([texts.revealed(game)], stop_listening=True)
        if game.phase != "reveal":
            return
        game.phase = "finish" if game.last else "pause"
        game.until = workflow.now() + timedelta(seconds=game.settings.between)

    async def _finish(self, game: Game) -> None:
        players = moves.standings(game)
        result = moves.result(self.room, game, workflow.now())
        event = Happening(name="game_finished", data=result.model_dump(mode="json"))
        await self._announce([texts.final(game, players)], [event], stop_listening=True)
        self.room.last_table = texts.table(players)
        self.room.game = None
        if not workflow.patched(RECORD_BESIDE):
            await self._record(result)
        elif not moves.remember(self.room, result):
            workflow.logger.error("game %s is not recorded: too many wait already", result.game)

    def _record_beside(self) -> None:
        """Begins to write the results that wait, unless that is being done."""
        if self.room.unrecorded and (self.recording is None or self.recording.done()):
            self.recording = asyncio.create_task(self._record_all())

    async def _record_all(self) -> None:
        while self.room.unrecorded:
            await self._record(self.room.unrecorded[0])
            del self.room.unrecorded[0]
            self._show()

    async def _record(self, result: GameResult) -> None:
        """Has a result written, which may take as long as the database is away.

        The next run begins again with what this one has not seen done; the activity does it once.
        """
        try:
            await workflow.execute_activity(
                RECORD_GAME,
                result,
                start_to_close_timeout=TO_RECORD,
                retry_policy=RECORD_AGAIN,
                summary="the result",
            )
        except ActivityError as problem:
            if is_cancelled_exception(problem):
                raise
            workflow.logger.error("game %s is not recorded: %s", result.game, problem.cause)

    async def _speak(self) -> None:
        """Says in the room what orders by hand led to."""
        outcome = self.unsaid.pop(0)
        lines = [*outcome.say, *([outcome.error] if outcome.error else [])]
        await self._announce(lines, outcome.events)

    async def _announce(
        self,
        lines: list[str],
        events: list[Happening] | None = None,
        stop_listening: bool = False,
    ) -> None:
        await workflow.execute_activity(
            ANNOUNCE,
            Announcement(
                channel=self.room.channel,
                lines=lines,
                events=events or [],
                stop_listening=stop_listening,
            ),
            result_type=Announced,
            start_to_close_timeout=TO_SAY,
            summary=lines[0][:60] if lines else "events",
        )

    def _show(self) -> None:
        game = self.room.game
        players = moves.standings(game) if game else []
        waiting = len(self.room.unrecorded)
        workflow.set_current_details(texts.details(game, self.room.last_table, players, waiting))
