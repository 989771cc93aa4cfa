"""Whatever is said, in whatever order it reaches us, the books are right."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rosey.contracts.trivia import Question
from tests.workflows.trivia.moves import (
    NOW,
    PEOPLE,
    QUESTIONS,
    SAID,
    opened,
    order,
    playing,
    say,
)
from workflows.trivia import game as moves
from workflows.trivia import texts
from workflows.trivia.models import Player, Room

# -- whatever is said ---------------------------------------------------------------------


@st.composite
def steps(draw: st.DrawFn) -> list[tuple[str, dict[str, Any]]]:
    """Orders and the clock's moves between them, in any order."""
    made: list[tuple[str, dict[str, Any]]] = []
    for _ in range(draw(st.integers(0, 25))):
        action = draw(
            st.sampled_from(
                ["clock"] * 4 + ["answer"] * 8 + ["start", "hint", "skip", "stop", "scores"]
            )
        )
        made.append(
            (
                action,
                {
                    "user": draw(st.sampled_from(PEOPLE)),
                    "rank": draw(st.sampled_from([0.0, 2.0])),
                    "text": draw(st.sampled_from(SAID) | st.text(max_size=8)),
                    "plain": draw(st.booleans()),
                    "after": draw(st.none() | st.integers(-5_000, 100_000)),
                    "shown": draw(st.sampled_from(["none", "now", "now", "before", "later"])),
                    "seq": draw(st.integers(0, 5)),
                },
            )
        )
    return made


class Clockwork:
    """Does what the workflow does between orders, and checks the books after each step."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.room = Room(channel="lounge/lobby")
        self.options = options
        self.now = NOW
        self.games = 0
        self.before: datetime | None = None
        self.points: dict[str, int] = {}
        self.answered: dict[str, int] = {}

    def step(self, action: str, fields: dict[str, Any]) -> None:
        self.now += timedelta(milliseconds=700)
        if action == "clock":
            self.clock()
        else:
            self.take(action, fields)
        self.audit()

    def take(self, action: str, fields: dict[str, Any]) -> None:
        game = self.room.game
        shown = game.round.shown_at if game and game.round else None
        base = shown or self.now
        after = fields["after"]
        times = {
            "none": None,
            "now": shown,
            "before": self.before,
            "later": base + timedelta(seconds=500),
        }
        asked = order(
            action,
            user=fields["user"],
            rank=fields["rank"],
            text=fields["text"],
            plain=fields["plain"],
            seq=fields["seq"],
            sent_at=None if after is None else base + timedelta(milliseconds=after),
            shown_at=times[fields["shown"]],
            settings=self.options,
        )
        match action:
            case "start":
                was = self.room.game
                moves.start(self.room, asked, "g")
                if was is None:
                    self.points, self.answered = {}, {}
            case "answer":
                moves.answer(self.room, asked, self.now)
            case "hint":
                moves.hint(self.room, asked)
            case "skip":
                moves.skip(self.room, asked, self.now)
            case "stop":
                moves.stop(self.room, asked)
            case _:
                assert moves.scores(self.room).say

    def clock(self) -> None:
        """The present phase is over."""
        game = self.room.game
        if game is None:
            return
        match game.phase:
            case "picking":
                game.questions = QUESTIONS
                game.phase = "lead_in"
                assert texts.started(game)
            case "lead_in" | "pause":
                self.book()
                self.before = game.round.shown_at if game.round else None
                moves.open_next(self.room, self.now)
                assert texts.question(game)
            case "asking":
                moves.shown(game, self.now + timedelta(milliseconds=17), self.now)
            case "open":
                moves.close(game)
            case "reveal":
                assert texts.revealed(game)
                game.phase = "finish" if game.last else "pause"
            case "finish":
                self.room.last_table = texts.final(game, moves.standings(game))
                self.room.game = None

    def book(self) -> None:
        """Notes what the round that is over was worth."""
        game = playing(self.room)
        for key, attempt in game.round.tries.items() if game.round else ():
            self.points[key] = self.points.get(key, 0) + attempt.points
            self.answered[key] = self.answered.get(key, 0) + (attempt.counted is not None)

    def audit(self) -> None:
        game = self.room.game
        assert texts.details(game, self.room.last_table, moves.standings(game) if game else [])
        if game is None:
            return
        tries = game.round.tries if game.round else {}
        for key in {*self.points, *tries, *game.players}:
            now = tries.get(key)
            counted = self.answered.get(key, 0) + (now is not None and now.counted is not None)
            player = game.players.get(key, Player(name=key))
            assert player.score == self.points.get(key, 0) + (now.points if now else 0)
            assert player.answered == counted
            assert 0 <= player.correct <= player.answered
            assert 0 <= player.streak <= player.best_streak <= player.correct
            assert (player.fastest is None) == (player.correct == 0)
        for attempt in tries.values():
            assert 1 <= len(attempt.goes) <= game.settings.tries
            assert (attempt.points > 0) == (attempt.counted is not None and attempt.counted.right)


@settings(max_examples=120, deadline=None)
@given(steps(), st.integers(1, 3), st.sampled_from([0, 5]))
def test_whatever_comes_the_books_are_right(
    made: list[tuple[str, dict[str, Any]]], tries: int, grace: int
) -> None:
    work = Clockwork({"tries": tries, "grace": grace})
    work.step("start", made[0][1] if made else _anything())
    for action, fields in made:
        work.step(action, fields)
    assert Room.model_validate_json(work.room.model_dump_json()) == work.room


def _anything() -> dict[str, Any]:
    return {
        "user": "bob",
        "rank": 0.0,
        "text": "",
        "plain": False,
        "after": None,
        "shown": "none",
        "seq": 0,
    }


# -- in whatever order --------------------------------------------------------------------

ANSWERS = st.lists(
    st.tuples(
        st.sampled_from(PEOPLE),
        st.sampled_from(SAID),
        st.booleans(),
        st.integers(0, 32_000),
    ),
    min_size=2,
    max_size=8,
)


def played(
    question: Question, early: list[tuple[int, Any]], late: list[tuple[int, Any]]
) -> dict[str, dict[str, Any]]:
    """The players after these answers came before the close, and those after it."""
    room = opened(question, tries=2)
    for came, (seq, (user, text, plain, after)) in enumerate([*early, *late]):
        if came == len(early):
            moves.close(playing(room))
        now = NOW + timedelta(seconds=came / 100)
        say(room, user, text, after / 1000, plain=plain, seq=seq, now=now)
    players = playing(room).players
    return {key: player.model_dump(exclude={"name"}) for key, player in players.items()}


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(QUESTIONS), ANSWERS, st.data())
def test_the_order_of_arrival_does_not_matter(
    question: Question, answers: list[Any], data: st.DataObject
) -> None:
    numbered = list(enumerate(answers))
    cut = data.draw(st.integers(0, len(numbered)))
    early, late = numbered[:cut], numbered[cut:]
    expected = played(question, early, late)
    assert played(question, data.draw(st.permutations(early)), late) == expected
    assert played(question, early, data.draw(st.permutations(late))) == expected


@settings(max_examples=100, deadline=None)
@given(ANSWERS, st.data())
def test_a_new_run_in_between_does_not_matter(answers: list[Any], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(answers)))
    one = other = opened()
    for seq, (user, text, plain, after) in enumerate(answers):
        if seq == cut:
            other = Room.model_validate_json(one.model_dump_json())
        told = say(one, user, text, after / 1000, plain=plain, seq=seq)
        if other is not one:
            assert say(other, user, text, after / 1000, plain=plain, seq=seq) == told
    if other is not one:
        assert other == one
