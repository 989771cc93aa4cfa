from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.quote.rules import (
    NoQuote,
    author_of,
    how_many,
    id_of,
    search_of,
    text_of,
    typed,
)
from tests.vectors import ids, load, subset

TEXT = load("quote_rules", "text")
AUTHOR = load("quote_rules", "author")
AUTHOR_LENGTH = load("quote_rules", "author_length")
LIMIT = load("quote_rules", "search_or_top_limit")


@pytest.mark.parametrize("vector", TEXT, ids=ids(TEXT))
def test_text_vectors(vector: dict[str, Any]) -> None:
    text = vector["in"]["text"]
    assert len(text) == vector["in"]["text_length"]
    try:
        found: dict[str, Any] = {"ok": True, "stored_length": len(text_of(text))}
    except NoQuote:
        found = {"ok": False}
    assert subset(vector["out"], found)


@pytest.mark.parametrize("vector", AUTHOR, ids=ids(AUTHOR))
def test_author_vectors(vector: dict[str, Any]) -> None:
    assert subset(vector["out"], {"ok": True, "stored": author_of(vector["in"]["author"])})


@pytest.mark.parametrize("vector", AUTHOR_LENGTH, ids=ids(AUTHOR_LENGTH))
def test_author_length_vectors(vector: dict[str, Any]) -> None:
    try:
        found = bool(author_of("x" * vector["in"]["author_length"]))
    except NoQuote:
        found = False
    assert subset(vector["out"], {"ok": found})


@pytest.mark.parametrize("vector", LIMIT, ids=ids(LIMIT))
def test_limit_vectors(vector: dict[str, Any]) -> None:
    found = how_many(str(vector["in"]["search_or_top_limit"])) is not None
    assert subset(vector["out"], {"ok": found})


def test_the_usual_list_has_ten() -> None:
    assert how_many("") == how_many("  ") == 10


def test_a_text_of_a_thousand_characters_is_the_longest() -> None:
    assert len(text_of(f" {'x' * 1000} ")) == 1000
    with pytest.raises(NoQuote, match="at most 1,000 characters, not 1,001"):
        text_of("x" * 1001)


@pytest.mark.parametrize(
    ("line", "text", "author"),
    [
        ("Hello there", "Hello there", "Unknown"),
        ("Hello there -- alice", "Hello there", "alice"),
        ("Hello there — @alice", "Hello there", "alice"),
        ("I think - therefore I am", "I think - therefore I am", "Unknown"),
        ("a -- b -- bob smith", "a -- b", "bob smith"),
        ("i--;", "i--;", "Unknown"),
        ("well --", "well --", "Unknown"),
        ("O'Reilly -- Tim", "O'Reilly", "Tim"),
    ],
)
def test_what_is_typed(line: str, text: str, author: str) -> None:
    assert typed(line) == (text, author)


def test_an_author_alone_is_no_quote() -> None:
    with pytest.raises(NoQuote, match="no text"):
        typed(" -- alice")
    with pytest.raises(NoQuote, match="no text"):
        typed("-- alice")


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("cat", ("cat", 1)),
        ("cat page 3", ("cat", 3)),
        ("black cat  PAGE 2 ", ("black cat", 2)),
        ("page 2", ("page 2", 1)),
        ("turn page 2 page 1", ("turn page 2", 1)),
        ("cat page 0", ("cat", 1)),
        ("", ("", 1)),
    ],
)
def test_what_is_looked_for(line: str, found: tuple[str, int]) -> None:
    assert search_of(line) == found


@pytest.mark.parametrize(
    ("word", "id"),
    [
        ("12", 12),
        (" #7 ", 7),
        ("0", None),
        ("-1", None),
        ("٣", None),
        ("1.5", None),
        ("", None),
        ("9" * 19, None),
        ("9" * 5000, None),
        ("9223372036854775807", 2**63 - 1),
    ],
)
def test_numbers_of_quotes(word: str, id: int | None) -> None:
    assert id_of(word) == id


@given(st.text(max_size=1200))
def test_what_is_kept_can_be_kept_by_every_database(text: str) -> None:
    try:
        kept = text_of(text)
    except NoQuote:
        return
    assert 1 <= len(kept) <= 1000
    assert "\0" not in kept
    kept.encode()
    assert text_of(kept) == kept == kept.strip()


@given(st.text(max_size=120))
def test_an_author_stays_as_he_is_kept(name: str) -> None:
    try:
        kept = author_of(name)
    except NoQuote:
        return
    assert author_of(kept) == kept
    assert 1 <= len(kept) <= 100
    assert len(kept.splitlines()) == 1
