from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.eightball.commands import plugin
from plugins.eightball.rules import ANSWERS, KINDS, answer, show, shown
from rosey.cooldowns import CoolDowns
from tests.vectors import ids, load, subset

ANSWER = load("eightball", "answer")
LENGTH = load("eightball", "question_length", "max")
TIMES = load("eightball", "same_user_times_s", "cooldown_s")


@pytest.mark.parametrize("vector", ANSWER, ids=ids(ANSWER))
def test_kind_vectors(vector: dict[str, Any]) -> None:
    assert subset(vector["out"], {"category": KINDS[vector["in"]["answer"]]})


def test_the_count_vector() -> None:
    (vector,) = load("eightball", "count_by_category")
    counts = {str(kind): len(answers) for kind, answers in ANSWERS.items()}
    assert vector["out"] == counts | {"total": len(KINDS)}


@pytest.mark.parametrize("vector", LENGTH, ids=ids(LENGTH))
def test_length_vectors(vector: dict[str, Any]) -> None:
    line = shown("x" * vector["in"]["question_length"], vector["in"]["max"])
    found = {"shown_length": len(line), "ends_with_ellipsis": line.endswith("...")}
    assert subset(vector["out"], found)


@pytest.mark.parametrize("vector", TIMES, ids=ids(TIMES))
def test_cool_down_vectors(vector: dict[str, Any]) -> None:
    """As the router keeps to it."""
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    command = plugin.commands[0].model_copy(update={"cooldown": vector["in"]["cooldown_s"]})
    kept = CoolDowns()
    answered = [
        not kept.wait("a/b", "alice", "eightball", command, begin + timedelta(seconds=second))
        for second in vector["in"]["same_user_times_s"]
    ]
    assert subset(vector["out"], {"answered": answered})


def test_the_cool_down_is_three_seconds_for_each_person() -> None:
    assert (plugin.commands[0].cooldown, plugin.commands[0].room_cooldown) == (3.0, 0.0)


def test_every_answer_falls_as_often_as_the_others() -> None:
    random = Random(8)
    fallen = [answer(random) for _ in range(20_000)]
    assert all(850 < fallen.count(each) < 1150 for each in KINDS)
    assert set(fallen) == set(KINDS)


@given(st.text(max_size=300))
def test_any_question_becomes_one_line(question: str) -> None:
    line = show(question, "Yes")
    assert len(line) <= 103 + len("🎱 “” Yes.")
    assert len(line.splitlines()) == 1
