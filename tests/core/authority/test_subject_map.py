"""The subject map of the documentation is the one of the code."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.authority.rights import all_rights
from core.authority.subject_map import FAMILIES, table
from core.authority.words import may, who
from core.command_line.bus_map import show
from core.plugins import manifests
from rosey import subjects
from rosey.subjects import matches
from tests.core.authority.stage import everybody

DOCUMENT = Path(__file__).parents[3] / "docs" / "bus.md"


def test_the_document_has_the_table_of_the_code(capsys: pytest.CaptureFixture[str]) -> None:
    show()
    assert capsys.readouterr().out in DOCUMENT.read_text(encoding="utf-8")


def test_every_subject_of_the_code_is_in_it() -> None:
    names = {
        value
        for key, value in vars(subjects).items()
        if key.isupper() and isinstance(value, str) and value.startswith("rosey.")
    }
    shapes = [re.sub(r"<[^>]+>", "*", family.shape) for family in FAMILIES]
    for name in names:
        assert any(matches(shape, name) or matches(name, shape) for shape in shapes), name


def test_each_row_says_from_whom_and_to_whom() -> None:
    for row in table().splitlines()[2:]:
        assert all(cell.strip() for cell in row.strip("|").split("|")), row


def test_every_right_has_words() -> None:
    for rights in everybody():
        assert who(rights) != rights.name
        for words, subject in may(rights):
            assert not subject or subject not in words.split(), (words, subject)


def test_without_connections_there_are_core_and_plugins() -> None:
    assert {rights.name.partition("-")[0] for rights in all_rights(manifests(), {})} == {
        "core",
        "plugin",
    }


@pytest.mark.parametrize(
    ("pattern", "subject", "fits"),
    [
        ("a.b", "a.b", True),
        ("a.*", "a.b", True),
        ("a.*", "a", False),
        ("a.*", "a.b.c", False),
        ("a.>", "a.b.c", True),
        ("a.>", "a", False),
        (">", "a", True),
        ("*", "a", True),
        ("*.b", "a.c", False),
        ("a.b", "a.b.c", False),
    ],
)
def test_patterns_fit_as_nats_says(pattern: str, subject: str, fits: bool) -> None:
    assert matches(pattern, subject) is fits


tokens = st.lists(st.sampled_from("abc"), min_size=1, max_size=4)


@given(tokens, st.integers(0, 4))
def test_a_subject_fits_itself_and_its_wider_patterns(parts: list[str], place: int) -> None:
    subject = ".".join(parts)
    assert matches(subject, subject)
    if place < len(parts):
        assert matches(".".join([*parts[:place], "*", *parts[place + 1 :]]), subject)
        assert matches(".".join([*parts[:place], ">"]), subject)
        assert not matches(".".join([*parts, ">"]), subject)
