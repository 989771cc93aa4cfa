"""What the Temporal Web UI shows is Markdown, and names in it stay text."""

import pytest

from tests.workflows.trivia.moves import opened, playing
from workflows.trivia import texts


@pytest.mark.parametrize(
    "name", ["[x](http://evil.example)", "a|b", "<script>", "`rm`", "**bold**"]
)
def test_a_name_in_the_last_table_is_no_markup(name: str) -> None:
    shown = texts.details(None, f"1. {name} 10", [])
    assert texts.escape(name) in shown
    assert name not in shown


def test_without_any_game_it_says_so() -> None:
    assert texts.details(None, "", []) == "No game. Last: none yet"


def test_what_waits_for_the_database_is_shown() -> None:
    assert texts.details(None, "", [], unrecorded=2) == (
        "No game. Last: none yet\n\n2 games wait to be written to the database."
    )
    room = opened()
    shown = texts.details(playing(room), "", [], unrecorded=1)
    assert shown.startswith("**open**, question 1 of 4")
    assert shown.endswith("\n\n1 game waits to be written to the database.")
