"""What a game gets when it asks for questions."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.questions.packs import Pack, question_id
from activities.questions.picking import match_category, pick
from rosey.contracts.trivia import Difficulty, PickedQuestions, PickQuestions, Question

NAMES = ["arts", "film", "games", "geography", "history", "music", "nature", "science"]
LEVELS: list[Difficulty] = ["easy", "medium", "hard"]


def question(category: str, number: int, difficulty: Difficulty = "medium") -> Question:
    text = f"Question {number} about {category}?"
    return Question(
        id=question_id(category, text),
        text=text,
        kind="multiple",
        answer="A",
        choices=["A", "B", "C", "D"],
        difficulty=difficulty,
        category=category,
    )


def pack(name: str, levels: list[Difficulty]) -> Pack:
    questions = tuple(question(name, number, level) for number, level in enumerate(levels))
    return Pack(name=name, title=name.title(), questions=questions)


PACKS = [pack(name, LEVELS * 4) for name in NAMES]


def ask(
    packs: list[Pack], *, count: int = 10, category: str = "", exclude: list[str] | None = None
) -> PickedQuestions:
    request = PickQuestions(
        channel="lounge/lobby", count=count, category=category, exclude=exclude or []
    )
    return pick(packs, request, Random(7))


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("film", "film"),
        (" FILM ", "film"),
        ("fil", "film"),
        ("f", "film"),
        ("movies", "film"),
        ("Movie", "film"),
        ("mov", "film"),
        ("literature", "arts"),
        ("books", "arts"),
        ("sport", "games"),
        ("sports", "games"),
        ("video games", "games"),
        ("animals", "nature"),
        ("geo", "geography"),
        ("ge", "geography"),
        ("hist", "history"),
        ("mus", "music"),
    ],
)
def test_a_category_is_found_by_name_beginning_and_alias(wanted: str, name: str) -> None:
    assert match_category(wanted, NAMES) == [name]
    picked = ask(PACKS, category=wanted)
    assert {one.category for one in picked.questions} == {name}
    assert picked.problem == ""


@pytest.mark.parametrize("wanted", ["", "  ", "any", "ALL", "random"])
def test_no_wish_means_every_category(wanted: str) -> None:
    assert match_category(wanted, NAMES) == NAMES


def test_a_full_name_comes_before_aliases_and_beginnings() -> None:
    assert match_category("movies", ["film", "movies"]) == ["movies"]
    assert match_category("geo", ["geo", "geography"]) == ["geo"]
    assert match_category("general", ["film", "general"]) == ["general"]


def test_an_unknown_category_names_the_known_ones() -> None:
    picked = ask(PACKS, category="  quantum\ncookery ")
    assert picked.questions == []
    assert picked.problem == (
        "I know no category 'quantum cookery'. There are: arts, film, games, geography, "
        "history, music, nature, science."
    )
    assert ask(PACKS[:1], category="film").problem == (
        "I know no category 'film'. There are: arts."
    )


def test_an_unclear_category_names_what_it_could_be() -> None:
    picked = ask(PACKS, category="g")
    assert picked.questions == []
    assert picked.problem == "'g' could be games or geography; which one?"


def test_no_packs_and_silly_counts_get_a_sentence() -> None:
    assert ask([]).problem == "I have no trivia questions here yet."
    assert ask(PACKS, count=0).problem == "Ask for 1 to 50 questions."
    assert ask(PACKS, count=-3).questions == []
    assert len(ask(PACKS, count=1000).questions) == 50


def test_packs_of_one_name_are_one_category() -> None:
    more = Pack(name="film", title="More", questions=(question("film", 99),))
    assert len(ask([*PACKS, more], count=50, category="film").questions) == 13


def test_a_question_in_two_packs_is_asked_once() -> None:
    twin = question("film", 1).model_copy(update={"id": "cinema-1", "category": "cinema"})
    packs = [pack("film", ["easy"] * 3), Pack(name="cinema", title="", questions=(twin,))]
    assert len(ask(packs, count=10).questions) == 3


def test_choices_are_shuffled_and_the_pack_is_left_alone() -> None:
    orders = {tuple(one.choices) for one in ask(PACKS, count=50).questions}
    assert len(orders) > 5
    assert all(set(order) == set("ABCD") for order in orders)
    assert all(one.choices == list("ABCD") for one in PACKS[0].questions)


def test_true_comes_before_false() -> None:
    boolean = Question(id="x-1", text="Q", kind="boolean", answer="True", choices=["True", "False"])
    packs = [Pack(name="x", title="", questions=(boolean,))]
    for seed in range(10):
        request = PickQuestions(channel="lounge/lobby")
        picked = pick(packs, request, Random(seed))
        assert picked.questions[0].choices == ["True", "False"]


levels = st.lists(st.sampled_from(LEVELS), max_size=30)


@given(levels, levels, st.integers(1, 60), st.sets(st.integers(0, 29)), st.integers())
def test_what_is_picked_is_right_for_any_packs(
    film: list[Difficulty], music: list[Difficulty], count: int, asked: set[int], seed: int
) -> None:
    packs = [pack("film", film), pack("music", music)]
    there = [one for each in packs for one in each.questions]
    exclude = [one.id for number, one in enumerate(there) if number in asked]
    request = PickQuestions(channel="lounge/lobby", count=count, exclude=exclude)
    picked = pick(packs, request, Random(seed))
    ids = [one.id for one in picked.questions]

    assert len(ids) == len(set(ids)) == min(count, 50, len(there))
    assert set(ids) <= {one.id for one in there}
    fresh = len(there) - len(exclude)
    assert len(set(ids) & set(exclude)) == max(0, len(ids) - fresh)
    assert (picked.problem != "") == (not ids)
    assert pick(packs, request, Random(seed)) == picked


@given(st.integers(1, 36), st.integers())
def test_difficulties_are_spread_evenly(count: int, seed: int) -> None:
    request = PickQuestions(channel="lounge/lobby", count=count, category="film")
    amounts: list[tuple[Difficulty, int]] = [("easy", 30), ("medium", 20), ("hard", 12)]
    film = pack("film", [level for level, amount in amounts for _ in range(amount)])
    picked = pick([film], request, Random(seed))
    found = Counter(one.difficulty for one in picked.questions)
    assert max(found.values()) - min(found[level] for level in LEVELS) <= 1
