"""A game's rules by example."""

from datetime import timedelta

import pytest

from rosey.contracts.trivia import GameResult
from rosey.events import Outcome
from tests.workflows.trivia.moves import (
    NOW,
    QUESTIONS,
    SHOWN,
    opened,
    order,
    playing,
    say,
)
from workflows.trivia import game as moves
from workflows.trivia import texts
from workflows.trivia.models import Game, Player, Room, Settings


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


def ended(number: int, players: int = 2) -> GameResult:
    game = Game(id=f"g-{number}", started_by="alice", settings=Settings())
    game.players = {f"p{n}": Player(name=f"p{n}", score=n, streak=3) for n in range(players)}
    return moves.result(Room(channel="lounge/lobby"), game, NOW)


def test_a_result_has_the_players_best_first() -> None:
    kept = ended(1).model_dump(mode="json")
    assert [player["name"] for player in kept["players"]] == ["p1", "p0"]
    assert "streak" not in kept["players"][0]
    assert (kept["questions"], kept["finished_at"]) == (0, "2026-01-01T12:00:00Z")


def test_the_oldest_results_wait_when_there_are_too_many() -> None:
    room = Room()
    taken = [moves.remember(room, ended(number)) for number in range(60)]
    assert taken == [True] * moves.MOST_UNRECORDED + [False] * 10
    assert [one.game for one in room.unrecorded] == [f"g-{n}" for n in range(50)]


def test_results_of_crowds_wait_as_long_as_a_run_can_hand_them_on() -> None:
    room = Room()
    crowd = moves.MOST_UNRECORDED_PLAYERS
    assert [moves.remember(room, ended(n, crowd // 2)) for n in range(3)] == [True, True, False]
    room.unrecorded.clear()
    assert moves.remember(room, ended(4, crowd + 1)), "one alone is carried like its game"
    assert not moves.remember(room, ended(5, 1))


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
