from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rosey.contracts.trivia import Difficulty
from tests.vectors import ids, load, subset
from workflows.trivia.rules import (
    HIDDEN,
    GameResult,
    PlayerStats,
    accuracy,
    achievements,
    came_back,
    hint,
    opentdb_category,
    points,
    standings,
    start_arguments,
    streaks,
)

POINTS = load("trivia_points")
ACHIEVEMENTS = load("trivia_achievements")
STREAKS = load("trivia_misc", "answers")
ACCURACY = load("trivia_misc", "questions")
ORDER = load("trivia_misc", "players_user_score_correct")
START = load("trivia_misc", "start_args")

DIFFICULTIES: st.SearchStrategy[Difficulty] = st.sampled_from(["easy", "medium", "hard"])


@dataclass(frozen=True)
class Person:
    name: str
    score: int
    correct: int


@pytest.mark.parametrize("vector", POINTS, ids=ids(POINTS))
def test_points_vectors(vector: dict[str, Any]) -> None:
    asked = vector["in"]
    got = points(asked["difficulty"], asked["limit_s"], asked["elapsed_s"], asked["decay"])
    assert {"points": got} == vector["out"]


@pytest.mark.parametrize("vector", ACHIEVEMENTS, ids=ids(ACHIEVEMENTS))
def test_achievement_vectors(vector: dict[str, Any]) -> None:
    asked = vector["in"]
    game = GameResult(**asked["game"]) if asked["game"] else None
    new = achievements(PlayerStats(**asked["stats"]), asked["already"], game)
    assert {"new": new} == vector["out"]


@pytest.mark.parametrize("vector", STREAKS, ids=ids(STREAKS))
def test_streak_vectors(vector: dict[str, Any]) -> None:
    current, best = streaks(letter == "C" for letter in vector["in"]["answers"])
    assert {"current": current, "best": best} == vector["out"]


@pytest.mark.parametrize("vector", ACCURACY, ids=ids(ACCURACY))
def test_accuracy_vectors(vector: dict[str, Any]) -> None:
    assert {"accuracy_pct_1dp": accuracy(**vector["in"])} == vector["out"]


@pytest.mark.parametrize("vector", ORDER, ids=ids(ORDER))
def test_order_vectors(vector: dict[str, Any]) -> None:
    people = [Person(*row) for row in vector["in"]["players_user_score_correct"]]
    assert {"order": [person.name for person in standings(people)]} == vector["out"]


@pytest.mark.parametrize("vector", START, ids=ids(START))
def test_start_vectors(vector: dict[str, Any]) -> None:
    questions, category = start_arguments(vector["in"]["start_args"])
    got = {"questions": questions, "opentdb_category": opentdb_category(category)}
    assert subset(vector["out"], got)


@given(DIFFICULTIES, st.integers(1, 600), st.floats(-5, 1200), st.floats(0, 60))
def test_points_are_bounded_and_never_rise(
    difficulty: Difficulty, limit: int, elapsed: float, later: float
) -> None:
    base = points(difficulty, limit, elapsed, decay=False)
    earlier = points(difficulty, limit, elapsed)
    assert base // 2 <= earlier <= base * 3 // 2
    assert points(difficulty, limit, elapsed + later) <= earlier


def test_points_survive_rounding_and_a_zero_limit() -> None:
    assert points("hard", 30, 14.0) == 31  # in floats this comes to 30.999999999999996
    assert points("easy", 0, 0) == 15


@given(st.text(max_size=40), st.integers(-1, 6), st.integers(0, 5))
def test_a_hint_never_shows_everything_and_only_grows(answer: str, step: int, steps: int) -> None:
    shown, next_ = hint(answer, step, steps), hint(answer, step + 1, steps)
    assert shown == hint(answer, step, steps)
    if answer.strip():
        assert HIDDEN in next_
    assert shown.count(HIDDEN) >= next_.count(HIDDEN)
    assert all(one in (HIDDEN, other) for one, other in zip(shown, next_, strict=True))


@pytest.mark.parametrize(
    ("answer", "step", "expected"),
    [
        ("War and Peace", 0, "••• ••• •••••"),
        ("War and Peace", 1, "W•• a•• P••••"),
        ("War and Peace", 2, "W•r a•d P•a••"),
        ("War and Peace", 9, "War and P•a•e"),
        ("1942", 1, "1•••"),
        ("Dr. No", 1, "D•. ••"),
        ("C", 3, "•"),
        ("?!", 3, "?•"),
        ("", 1, ""),
    ],
)
def test_hints_begin_with_first_letters(answer: str, step: int, expected: str) -> None:
    assert hint(answer, step) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5 Video Games", (5, "video games")),
        ("science: computers 7", (7, "science: computers")),
        ("5 10", (5, "10")),
        ("-3", (1, "")),
        ("9" * 5000, (50, "")),
        ("0" * 5000 + "8", (8, "")),
        ("90s", (10, "90s")),
    ],
)
def test_start_arguments(text: str, expected: tuple[int, str]) -> None:
    assert start_arguments(text) == expected


def test_a_room_may_ask_for_another_number_by_default() -> None:
    assert start_arguments("history", 7) == (7, "history")
    assert start_arguments("3", 7) == (3, "")


@given(st.text(max_size=60))
def test_start_always_asks_for_something(text: str) -> None:
    questions, category = start_arguments(text)
    assert 1 <= questions <= 50
    assert category == category.strip()


def test_every_open_trivia_category_has_names() -> None:
    names = {
        9: "General Knowledge",
        10: "Entertainment: Books",
        11: "movies",
        12: "music",
        13: "Entertainment: Musicals & Theatres",
        14: "tv",
        15: "Video-Games",
        16: "Entertainment: Board Games",
        17: "Science & Nature",
        18: "Science: Computers",
        19: "maths",
        20: "Mythology",
        21: "Sports",
        22: "geography",
        23: "HISTORY",
        24: "Politics",
        25: "Art",
        26: "celebrities",
        27: "Animals",
        28: "Vehicles",
        29: "Entertainment: Comics",
        30: "Science: Gadgets",
        31: "Entertainment: Japanese Anime & Manga",
        32: "Entertainment: Cartoon & Animations",
    }
    assert {number: opentdb_category(name) for number, name in names.items()} == {
        number: number for number in range(9, 33)
    }
    assert opentdb_category("underwater knitting") is None


def test_equal_scores_are_ordered_by_right_answers_then_name() -> None:
    people = [Person("dora", 10, 1), Person("Cleo", 10, 1), Person("bert", 10, 2)]
    assert [person.name for person in standings(people)] == ["bert", "Cleo", "dora"]


def test_achievements_of_a_single_game() -> None:
    game = GameResult(won=True, perfect=True, comeback=True)
    stats = PlayerStats(total_games=1, games_won=1, total_points=1000)
    assert achievements(stats, ["first_game"], game) == [
        "comeback",
        "first_perfect",
        "first_win",
        "points_1000",
    ]
    assert achievements(stats, achievements(stats, [], game), game) == []


@pytest.mark.parametrize(
    ("half_time", "final", "expected"),
    [
        (["bob", "ann"], ["ann", "bob"], True),
        (["bob", "ann"], ["bob", "ann"], False),
        (["bob", "ann", "cleo"], ["ann", "cleo", "bob"], False),
        (["ann"], ["ann"], False),
        (["bob", "ann"], [], False),
    ],
)
def test_a_comeback_is_from_last_to_first(
    half_time: list[str], final: list[str], expected: bool
) -> None:
    assert came_back("ann", half_time, final) is expected
