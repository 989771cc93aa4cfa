"""The packs that come with Rosey: enough, sound, and none gives itself away."""

import re
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

from activities.questions.packs import Pack, fold, load_folder
from rosey.contracts.trivia import Question

FOLDER = Path(__file__).parents[3] / "plugins" / "trivia" / "questions"
PACKS, ERRORS = load_folder(FOLDER)
QUESTIONS = [question for pack in PACKS for question in pack.questions]
CATEGORIES = {"arts", "film", "games", "geography", "history", "music", "nature", "science"}


def words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return re.findall(r"\w+", bare.replace("'", ""))


def contains(sentence: list[str], phrase: list[str]) -> bool:
    starts = range(len(sentence) - len(phrase) + 1)
    return any(sentence[at : at + len(phrase)] == phrase for at in starts)


def test_all_packs_load_without_an_error() -> None:
    assert ERRORS == []
    assert {pack.name for pack in PACKS} == CATEGORIES


def test_there_are_enough_questions() -> None:
    assert len(QUESTIONS) >= 440
    assert all(len(pack.questions) >= 55 for pack in PACKS)
    assert len(next(pack for pack in PACKS if pack.name == "film").questions) >= 80


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.name)
def test_a_pack_is_described_and_mixed(pack: Pack) -> None:
    assert pack.title
    assert pack.description
    assert pack.licence == "CC0-1.0"
    kinds = Counter(question.kind for question in pack.questions)
    assert set(kinds) == {"free", "multiple", "boolean"}
    assert kinds["free"] > kinds["multiple"] + kinds["boolean"]
    assert {question.difficulty for question in pack.questions} == {"easy", "medium", "hard"}


def test_every_question_has_a_source_and_belongs_to_its_pack() -> None:
    for pack in PACKS:
        for question in pack.questions:
            assert question.source, question.text
            assert "://" not in question.source
            assert question.category == pack.name
            assert re.fullmatch(rf"{pack.name}-[0-9a-f]{{12}}", question.id)


def test_questions_are_short_and_answers_can_be_typed() -> None:
    for question in QUESTIONS:
        assert len(question.text) <= 200
        if question.kind == "free":
            assert len(words(question.answer)) <= 4, question
            assert len(question.answer) <= 30, question


def test_questions_end_like_questions_and_statements_like_statements() -> None:
    for question in QUESTIONS:
        end = "." if question.kind == "boolean" else "?"
        assert question.text.rstrip('"').endswith((end, "...")), question.text


def test_multiple_choice_has_four_choices_with_the_answer_among_them() -> None:
    for question in QUESTIONS:
        if question.kind == "multiple":
            assert len(question.choices) == 4
            assert question.answer in question.choices
        elif question.kind == "boolean":
            assert question.answer in {"True", "False"}
            assert question.choices == ["True", "False"]
        else:
            assert question.choices == []


def test_an_answer_with_an_article_counts_without_it() -> None:
    for question in QUESTIONS:
        if question.kind == "free" and question.answer.startswith("The "):
            assert question.answer.removeprefix("The ") in question.accepted, question


def test_an_answer_with_accents_counts_without_them() -> None:
    for question in QUESTIONS:
        if question.kind == "free" and not question.answer.isascii():
            assert any(spelling.isascii() for spelling in question.accepted), question


def test_nothing_is_asked_twice() -> None:
    asked = Counter(" ".join(words(question.text)) for question in QUESTIONS)
    assert [text for text, times in asked.items() if times > 1] == []
    assert len({question.id for question in QUESTIONS}) == len(QUESTIONS)


def test_no_spelling_is_given_twice() -> None:
    for question in QUESTIONS:
        spellings = [fold(one) for one in (question.answer, *question.accepted)]
        assert len(set(spellings)) == len(spellings), question


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.name)
def test_no_question_contains_its_answer(pack: Pack) -> None:
    assert [question for question in pack.questions if gives_itself_away(question)] == []


def gives_itself_away(question: Question) -> bool:
    if question.kind == "boolean":
        return False
    asked = words(question.text)
    if any(contains(asked, words(one)) for one in (question.answer, *question.accepted)):
        return True
    return any(word in asked for word in words(question.answer) if len(word) > 3)


def test_the_check_for_answers_sees_through_accents_and_case() -> None:
    def question(text: str, answer: str) -> Question:
        return Question(id="x", text=text, answer=answer)

    assert gives_itself_away(question("Who painted as Dalí did?", "DALI"))
    assert gives_itself_away(question("Which river is the river Thames?", "Thames"))
    assert not gives_itself_away(question("Who sat in the chair?", "air"))
