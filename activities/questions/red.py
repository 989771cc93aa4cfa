"""What a Red-style list may contain: lists of answers, and its CONFIG."""

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

Answer = str | bool

# The least value a number may have; timeout must be more than its least.
_NUMBERS: dict[str, float] = {"max_score": 1, "timeout": 0, "delay": 4, "payout_multiplier": 0}
_SWITCHES = ("bot_plays", "reveal_answer", "use_spoilers")
_LONGEST_ANSWER = 1000


def answers(node: Node, question: str) -> list[Answer]:
    """The accepted answers below a question, first the one that is shown. Raises `PackError`."""
    found: list[Answer] = []
    for item in items(node, f"the answers to '{question[:60]}'", 1, 1000):
        truth = bool_of(item)
        found.append(text_of(item, "an answer", _LONGEST_ANSWER) if truth is None else truth)
    return found


def spellings(answer: Answer) -> list[str]:
    """What counts as `answer`: YAML turned yes and on into True, no and off into False."""
    if isinstance(answer, bool):
        return ["True", "Yes", "On"] if answer else ["False", "No", "Off"]
    return [answer]


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
