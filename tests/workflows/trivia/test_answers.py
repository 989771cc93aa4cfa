import string
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from rosey.contracts.trivia import Kind
from tests.vectors import ids, load
from workflows.trivia.answers import check_answer, is_letter, letter_of, normal

VECTORS = load("trivia_answer")
CITIES = ["London", "Paris", "Berlin", "Madrid"]


def free(correct: str, given_: str, *accepted: str) -> bool:
    return check_answer("free", correct, accepted, [], given_)


@pytest.mark.parametrize("vector", VECTORS, ids=ids(VECTORS))
def test_answer_vectors(vector: dict[str, Any]) -> None:
    asked = vector["in"]
    got = check_answer(
        asked["type"], asked["correct"], [], asked.get("choices", []), asked["answer"]
    )
    assert {"correct": got} == vector["out"]


@pytest.mark.parametrize(
    ("correct", "given_"),
    [
        ("Dr. Wily", "Dr Wily"),
        ("Beyoncé", "beyonce"),
        ("Beyonce", "Beyoncé"),
        ("The Beatles", "beatles"),
        ("Beatles", "the beatles!"),
        ("Simon & Garfunkel", "simon and garfunkel"),
        ("O'Reilly", "oreilly"),
        ("Spider-Man", "spiderman"),
        ("J.R.R. Tolkien", "JRR Tolkien"),
        ("Ocean's Eleven", "oceans 11"),
        ("7", "seven"),
        ("Twelve", "12"),
        ("1,000", "1000"),
        ("Łódź", "lodz"),
        ("Straße", "strasse"),
        ("Tchaikovsky", "Chaikovsky"),
        ("Leonardo da Vinci", "leonardo davinci"),
        ("Leonardo da Vinci", "leonardo de vinci"),
        ("The Lord of the Rings", "lord of rings"),
        ("chair", "chairs"),
        ("Beethoven", "Beehtoven"),
        ("Schwarzenegger", "schwarzeneger"),
        ("東京", "東京"),
        ("!!!", "!!!"),
        ("C++", "c++"),
        ("-5", "-5"),
    ],
)
def test_another_way_of_writing_it_counts(correct: str, given_: str) -> None:
    assert free(correct, given_)


@pytest.mark.parametrize(
    ("correct", "given_"),
    [
        ("chair", "air"),
        ("air", "chair"),
        ("hot air", "hot chair"),
        ("hot chair", "hot air"),
        ("chair", "hair"),
        ("train", "rain"),
        ("1942", "1943"),
        ("Apollo 11", "Apollo 13"),
        ("Rocky", "Rocky 2"),
        ("-5", "5"),
        ("3.14", "314"),
        ("12", "1 2"),
        ("Au", "Ag"),
        ("cat", "bat"),
        ("Vitamin C", "Vitamin D"),
        ("Godfather Part II", "Godfather Part III"),
        ("Henry V", "Henry VI"),
        ("Austria", "Australia"),
        ("Niger", "Nigeria"),
        ("C", "C++"),
        ("C++", "C"),
        ("A-ha", "ha"),
        ("!!!", "???"),
        ("Paris", ""),
        ("", ""),
        ("Paris", "I think it is Paris or London or Berlin"),
        ("Leonardo da Vinci", "Michelangelo"),
    ],
)
def test_something_else_does_not_count(correct: str, given_: str) -> None:
    assert not free(correct, given_)


def test_accepted_spellings_count() -> None:
    assert free("Netherlands", "Holland", "Holland", "The Netherlands")
    assert free("Netherlands", "hollandd", "Holland")
    assert not free("Netherlands", "Belgium", "Holland")


def test_a_choice_nearer_to_another_is_wrong() -> None:
    countries = ["Austria", "Australia", "Germany", "Switzerland"]
    assert not check_answer("multiple", "Australia", [], countries, "Austria")
    assert not check_answer("multiple", "Austria", [], countries, "Austrlia")
    assert check_answer("multiple", "Australia", [], countries, "Austrlia")
    assert not check_answer("multiple", "Moonlight", [], ["Moonlight", "Moonlit"], "moonlit")


def test_a_letter_goes_before_the_text() -> None:
    vitamins = ["K", "A", "C", "D"]
    assert check_answer("multiple", "K", [], vitamins, "a")
    assert not check_answer("multiple", "A", [], vitamins, "a")
    assert check_answer("multiple", "K", [], vitamins, "k")
    assert check_answer("boolean", "True", [], ["False", "True"], "b")
    assert check_answer("boolean", "False", [], [], "B")
    assert not check_answer("free", "Blue", [], ["Blue"], "a")


def test_true_and_false_in_words() -> None:
    for word in ("true", "T", "yes", "y", "1", "a"):
        assert check_answer("boolean", "True", [], [], word)
        assert not check_answer("boolean", "False", [], [], word)
    for word in ("false", "F", "no", "n", "0", "b"):
        assert check_answer("boolean", "False", [], [], word)
        assert not check_answer("boolean", "True", [], [], word)


@pytest.mark.parametrize("given_", ["b", " B ", "b)", "(b)", "b."])
def test_letters(given_: str) -> None:
    assert is_letter(given_, CITIES)
    assert check_answer("multiple", "Paris", [], CITIES, given_)


@pytest.mark.parametrize("given_", ["e", "", "1", "bb", "é", "ß", "İ"])
def test_what_is_no_letter(given_: str) -> None:
    assert not is_letter(given_, CITIES)


def test_the_letter_of_an_answer() -> None:
    assert letter_of("paris", CITIES) == "B"
    assert letter_of("Rome", CITIES) == ""


WORDS = st.text(st.sampled_from(string.ascii_letters + "éÅß -'.&"), min_size=1, max_size=30)


@given(st.text(min_size=1, max_size=60))
@example("̀")
@example("the the")
def test_an_answer_equals_itself(answer: str) -> None:
    assume(answer.strip())
    assert free(answer, answer)
    assert free(answer, f"  {answer} ")


@given(WORDS)
def test_case_never_matters(answer: str) -> None:
    assume(answer.strip())
    assert free(answer, answer.lower())
    assert free(answer, answer.upper())


@given(st.sampled_from(string.ascii_letters), WORDS)
def test_a_single_letter_is_no_word(letter: str, answer: str) -> None:
    assume(len("".join(normal(answer))) > 1)
    assert not free(answer, letter)


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_numbers_match_exactly(one: int, other: int) -> None:
    assert free(f"the year {one}", f"the year {other}") is (one == other)


@given(st.sampled_from(["multiple", "boolean", "free"]), st.text(max_size=40), st.text(max_size=40))
def test_any_text_gets_a_verdict(kind: Kind, correct: str, given_: str) -> None:
    assert check_answer(kind, correct, [], [correct, "x"], given_) in (True, False)
