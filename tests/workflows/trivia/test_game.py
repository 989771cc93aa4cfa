"""A game's rules: whatever is said, in whatever order it reaches us."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rosey.contracts.trivia import Question
from rosey.durable import Order
from rosey.events import Outcome
from workflows.trivia import game as moves
from workflows.trivia import texts
from workflows.trivia.models import Game, Player, Room, Settings

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


# -- by example ---------------------------------------------------------------------------


def test_what_was_said_first_counts_although_it_comes_later() -> None:
    room = opened()
    assert say(room, "bob", "paris", after=9).say == ["✅ bob +24"]
    better = say(room, "bob", "Paris", after=3)
    assert better.say == ["✅ bob, what you said before that counts: +28"]
    assert better.events[0].data["points"] == 28
    assert playing(room).players["bob"].score == 28
    assert playing(room).players["bob"].streak == 1


def test_a_wrong_choice_counts_although_the_right_one_came_first() -> None:
    room = opened(QUESTIONS[1])
    assert say(room, "bob", "b", after=3).say == ["✅ bob +42"]
    corrected = say(room, "bob", "a", after=2)
    assert corrected.say == ["❌ bob, what you said before that counts, and it was not right."]
    assert corrected.events[0].data == {"user": "bob", "question": "q-choice", "correct": False}
    player = playing(room).players["bob"]
    assert (player.score, player.correct, player.answered, player.best_streak) == (0, 0, 1, 0)


def test_what_changes_nothing_is_not_told() -> None:
    room = opened(QUESTIONS[1])
    say(room, "bob", "a", after=3)
    assert say(room, "bob", "c", after=2).empty
    again = say(room, "bob", "b", after=4)
    assert again.empty
    assert say(room, "bob", "b", after=4, plain=False).say == [
        "You have had your go at this one, bob."
    ]


def test_guesses_that_turn_out_to_be_earlier_use_up_the_tries() -> None:
    room = opened(tries=2)
    assert say(room, "bob", "paris", after=5).say == ["✅ bob +26"]
    assert say(room, "bob", "lyon", after=1).empty
    taken = say(room, "bob", "nice", after=2)
    assert taken.say == ["❌ bob, what you said before that counts, and it was not right."]
    assert "bob" not in playing(room).players


def test_a_player_keeps_what_he_had_when_an_answer_is_taken_back() -> None:
    room = opened(tries=1)
    say(room, "bob", "paris", after=0)
    game = playing(room)
    moves.close(game)
    later = SHOWN + timedelta(minutes=1)
    moves.open_next(room, NOW)
    moves.shown(game, later, NOW)

    def guess(text: str, after: float) -> Outcome:
        at = later + timedelta(seconds=after)
        said = order(text=text, plain=True, sent_at=at, shown_at=later)
        return moves.answer(room, said, at)

    assert guess("paris", 2).say == ["✅ bob +28"]
    assert guess("lyon", 1).say
    assert game.players["bob"].score == 30
    assert game.players["bob"].streak == 1


def test_the_first_choice_counts_and_plain_guesses_do_not() -> None:
    room = opened()
    assert say(room, "bob", "lyon").empty
    assert say(room, "bob", "paris", after=2).say
    assert say(room, "eve", "lyon", plain=False).say == ["❌ Not that one, eve."]
    assert say(room, "eve", "paris", plain=False).say == ["You have had your go at this one, eve."]


def test_too_many_guesses() -> None:
    room = opened(tries=2)
    for _ in range(3):
        assert say(room, "bob", "lyon").empty
    assert say(room, "bob", "paris", after=2).empty
    assert say(room, "bob", "paris", after=2, plain=False).say == [
        "You have had your go at this one, bob."
    ]


def test_nothing_said_is_no_answer() -> None:
    room = opened()
    assert say(room, "bob", "  ").empty
    assert "Add your answer" in say(room, "bob", "", plain=False).say[0]


def test_without_a_question_an_answer_is_explained_to_who_used_the_command() -> None:
    room = Room()
    assert say(room, "bob", "paris").empty
    assert "No question is open" in say(room, "bob", "paris", plain=False).say[0]
    moves.start(room, order("start"), "g-1")
    assert "No question is open" in say(room, "bob", "paris", plain=False).say[0]


def test_an_answer_to_the_question_before_is_none_to_this_one() -> None:
    room = opened()
    game = playing(room)
    moves.close(game)
    moves.open_next(room, NOW)
    assert say(room, "bob", "paris", plain=False).say == [
        "No question is open right now. !trivia start begins a game."
    ]
    moves.shown(game, SHOWN + timedelta(seconds=40), NOW)
    assert say(room, "bob", "paris", after=3).empty
    assert say(room, "bob", "paris", after=3, shown_at=None).empty
    assert game.players == {}


def test_an_answer_before_we_know_that_the_room_saw_the_question() -> None:
    room = opened()
    game = playing(room)
    moves.close(game)
    moves.open_next(room, NOW)
    later = SHOWN + timedelta(seconds=40)
    early = order(text="paris", shown_at=later, sent_at=later + timedelta(seconds=3), plain=True)
    assert moves.answer(room, early, NOW).say == ["✅ bob +28"]
    unknown = order(user="eve", text="paris", sent_at=later, plain=True)
    assert moves.answer(room, unknown, NOW + timedelta(seconds=9)).say == ["✅ eve +24"]
    moves.shown(game, later, NOW + timedelta(seconds=10))
    assert game.until == NOW + timedelta(seconds=10 + moves.LAST_MOMENT)


def test_by_hand_our_own_clock_decides() -> None:
    room = opened()
    asked = order(text="paris")
    assert moves.answer(room, asked, NOW + timedelta(seconds=3)).say == ["✅ bob +28"]
    late = order(user="eve", text="paris")
    moves.close(playing(room))
    assert "Too late" in moves.answer(room, late, NOW + timedelta(seconds=4)).say[0]


def test_only_a_right_answer_shortens_the_time() -> None:
    room = opened(QUESTIONS[1], grace=5)
    game = playing(room)
    full = game.until
    say(room, "eve", "a", after=1)
    assert game.until == full
    say(room, "bob", "b", after=2)
    assert game.until == SHOWN + timedelta(seconds=2 + moves.LAST_MOMENT)
    say(room, "zoe", "b", after=2.5)
    assert game.until == SHOWN + timedelta(seconds=2 + moves.LAST_MOMENT)


def test_one_who_plays_alone_waits_for_company() -> None:
    room = opened(grace=5)
    say(room, "bob", "paris", after=2)
    assert playing(room).until == SHOWN + timedelta(seconds=7)


def test_after_the_close_the_platform_s_clock_decides() -> None:
    room = opened(grace=5)
    say(room, "bob", "paris", after=2)
    moves.close(playing(room))
    assert say(room, "eve", "paris", after=7).say
    assert say(room, "zoe", "paris", after=7.001).empty
    assert say(room, "zoe", "paris", after=7.001, plain=False).say == [
        "Too late for that one, zoe."
    ]


def test_without_a_right_answer_the_whole_time_counts() -> None:
    room = opened()
    moves.close(playing(room))
    assert say(room, "bob", "paris", after=30).say == ["✅ bob +10"]
    assert say(room, "eve", "paris", after=30.001).empty


def test_a_skip_ends_the_time_where_it_was_said() -> None:
    room = opened()
    at = SHOWN + timedelta(seconds=4)
    assert moves.skip(room, order("skip", user="Alice", sent_at=at), NOW).empty
    assert playing(room).phase == "reveal"
    assert say(room, "bob", "paris", after=3.9).say
    assert say(room, "eve", "paris", after=4.1).empty
    assert "no open question" in moves.skip(room, order("skip", rank=2), NOW).say[0]


@pytest.mark.parametrize(("user", "rank"), [("bob", 0.0), ("bob", 1.5)])
def test_who_did_not_start_it_does_not_steer(user: str, rank: float) -> None:
    room = opened()
    assert "Only alice" in moves.skip(room, order("skip", user=user, rank=rank), NOW).say[0]
    assert "Only alice" in moves.stop(room, order("stop", user=user, rank=rank)).say[0]
    assert moves.stop(room, order("stop", user=user, rank=2)).empty
    assert playing(room).stopped_by == "bob"


def test_hints_are_counted_and_only_for_free_questions() -> None:
    room = opened(hints=1)
    assert moves.hint(room, order("hint")).say[0].startswith("💡 P")
    assert moves.hint(room, order("hint")).say == ["No more hints for this one."]
    assert "pick one" in moves.hint(opened(QUESTIONS[1]), order("hint")).say[0]
    assert "no question is open" in moves.hint(Room(), order("hint")).say[0]


def test_a_second_start_names_the_game_that_is_on() -> None:
    room = opened()
    assert "question 1 of 4" in moves.start(room, order("start"), "g-2").say[0]
    moves.stop(room, order("stop", rank=3))
    room.game = None
    moves.start(room, order("start"), "g-2")
    assert "starting" in moves.start(room, order("start"), "g-3").say[0]


def test_scores_now_last_and_never() -> None:
    assert "No game yet" in moves.scores(Room()).say[0]
    assert moves.scores(Room(last_table="🥇 bob 28")).say == ["📊 Last game: 🥇 bob 28"]
    room = opened()
    assert moves.scores(room).say == ["📊 Nobody scored."]
    say(room, "bob", "paris", after=3)
    assert moves.scores(room).say == ["📊 🥇 bob 28 (1 right)"]


def test_only_some_questions_are_remembered() -> None:
    room = opened()
    room.asked = [f"q-{number}" for number in range(moves.REMEMBERED_QUESTIONS)]
    moves.open_next(room, NOW)
    assert len(room.asked) == moves.REMEMBERED_QUESTIONS
    assert room.asked[-1] == QUESTIONS[0].id


def test_texts_of_long_tables_and_streaks() -> None:
    players = [Player(name=f"p{number}", score=100 - number) for number in range(10)]
    table = texts.table(players)
    assert table.startswith("🥇 p0 100 (0 right), 🥈 p1 99")
    assert table.endswith("8. p7 93 (0 right) and 2 more")
    room = opened()
    playing(room).players["bob"] = Player(name="bob", streak=2, best_streak=2, correct=2)
    assert say(room, "bob", "paris", after=3).say == ["✅ bob +28 🔥3 in a row"]
    assert "bob +28" in texts.revealed(playing(room))
    assert texts.escape("a|b*c_`<>[]\\") == "a\\|b\\*c\\_\\`\\<\\>\\[\\]\\\\"
    assert Settings().tries == 5
