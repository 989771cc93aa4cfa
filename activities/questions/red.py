"""What a Red-style list may contain: lists of answers, and its CONFIG."""

from typing import NamedTuple

from yaml.nodes import Node

from activities.questions.nodes import (
    bool_of,
    error_at,
    fields,
    is_integer,
    items,
    number_of,
    text_of,
)


class Answer(NamedTuple):
    """The spellings of an answer, best first; `truth` if it is a plain true or false."""

    spellings: list[str]
    truth: bool = False


# The least value a number may have; timeout must be more than its least.
_NUMBERS: dict[str, float] = {"max_score": 1, "timeout": 0, "delay": 4, "payout_multiplier": 0}
_SWITCHES = ("bot_plays", "reveal_answer", "use_spoilers")
_LONGEST_ANSWER = 1000


def answers(node: Node, question: str) -> list[Answer]:
    """The accepted answers below a question, first the one that is shown. Raises `PackError`."""
    return [_answer(item) for item in items(node, f"the answers to '{question[:60]}'", 1, 1000)]


def _answer(node: Node) -> Answer:
    truth = bool_of(node)
    if truth is None:
        return Answer([text_of(node, "an answer", _LONGEST_ANSWER)])
    # YAML made no difference between these words; the one that was typed is the one shown,
    # and only a plain true or false makes a true/false question.
    typed = str(node.value).capitalize()
    family = ["True", "Yes", "On"] if truth else ["False", "No", "Off"]
    return Answer([typed, *family], truth=typed == family[0])


def config(node: Node) -> dict[str, float | bool]:
    """The checked CONFIG of a list. Raises `PackError`."""
    found = fields(node, "CONFIG", (*_NUMBERS, *_SWITCHES))
    return {
        key: _switch(key, value) if key in _SWITCHES else _number(key, value)
        for key, value in found.items()
    }


def _switch(key: str, node: Node) -> bool:
    truth = bool_of(node)
    if truth is None:
        raise error_at(node, "this must be true or false", key)
    return truth


def _number(key: str, node: Node) -> float:
    least = _NUMBERS[key]
    value = number_of(node)
    if key == "max_score":
        if value is None or not is_integer(node) or value < least:
            raise error_at(node, "this must be a whole number from 1", key)
    elif value is None or value < least or (key == "timeout" and value == 0):
        bound = "more than 0" if key == "timeout" else f"{least:g} or more"
        raise error_at(node, f"this must be a number, {bound}", key)
    return value
