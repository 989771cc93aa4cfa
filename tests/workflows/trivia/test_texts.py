"""What the Temporal Web UI shows is Markdown, and names in it stay text."""

import pytest

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
