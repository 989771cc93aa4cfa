"""What a workflow remembers having been told."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from rosey.durable import Kept, Order
from rosey.durable.orders import KEEP_AT_LEAST, KEEP_AT_MOST, KEEP_FOR, LONGEST_TEXT
from rosey.events import Outcome
from rosey.names import LONGEST_NAME

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_the_numbers_of_the_promise() -> None:
    assert timedelta(minutes=15) == KEEP_FOR
    assert KEEP_AT_LEAST == 500


def test_the_first_answer_is_kept_and_nothing_said_is_an_empty_one() -> None:
    kept = Kept()
    assert kept.find("c-1") is None
    kept.add("c-1", Outcome(say=["yes"]), NOW)
    kept.add("c-2", Outcome(), NOW)
    assert kept.find("c-1") == Outcome(say=["yes"])
    assert kept.find("c-2") == Outcome()
    assert kept.turns["c-2"].outcome is None


def test_at_least_500_are_kept_however_old() -> None:
    kept = Kept()
    for number in range(KEEP_AT_LEAST):
        kept.add(f"c-{number}", Outcome(), NOW + number * timedelta(hours=1))
    assert len(kept.turns) == KEEP_AT_LEAST
    kept.add("c-last", Outcome(), NOW + timedelta(days=365))
    assert len(kept.turns) == KEEP_AT_LEAST
    assert kept.find("c-0") is None
    assert kept.find("c-1") is not None


def test_15_minutes_are_kept_however_many() -> None:
    kept = Kept()
    for number in range(2 * KEEP_AT_LEAST):
        kept.add(f"c-{number}", Outcome(), NOW + number * SECOND)
    last = NOW + (2 * KEEP_AT_LEAST - 1) * SECOND
    assert min(turn.at for turn in kept.turns.values()) == last - KEEP_FOR + SECOND
    assert len(kept.turns) == KEEP_FOR // SECOND


def test_never_more_than_a_run_can_hand_on() -> None:
    kept = Kept()
    for number in range(KEEP_AT_MOST + 100):
        kept.add(f"c-{number:020}", Outcome(), NOW)
    assert len(kept.turns) == KEEP_AT_MOST
    assert kept.find(f"c-{100:020}") is not None
    assert len(kept.model_dump_json()) < 1_500_000  # Temporal takes 2 MB


@settings(max_examples=30)
@given(st.lists(st.integers(0, 600), min_size=1, max_size=700))
def test_whatever_the_pace_nothing_younger_is_forgotten(pauses: list[int]) -> None:
    kept, now, taken = Kept(), NOW, []
    for number, pause in enumerate(pauses):
        now += timedelta(seconds=pause)
        kept.add(f"c-{number}", Outcome(), now)
        taken.append(now)
    for number, at in enumerate(taken):
        young = now - at < KEEP_FOR or number >= len(taken) - KEEP_AT_LEAST
        assert (kept.find(f"c-{number}") is not None) is young


def test_it_is_carried_from_run_to_run() -> None:
    kept = Kept()
    kept.add("c-1", Outcome(say=["yes"]), NOW)
    kept.add("c-2", Outcome(), NOW)
    again = Kept.model_validate(json.loads(kept.model_dump_json()))
    assert again == kept
    assert list(again.turns) == ["c-1", "c-2"]


def test_what_a_person_leaves_out_gets_a_default() -> None:
    order = Order.model_validate({"text": "paris", "invented": 1})
    assert (order.user, order.rank, order.id, order.plain) == ("operator", 3.0, "", False)
    assert order.sent_at is None


def test_what_a_workflow_repeats_is_cut() -> None:
    order = Order(user="x" * 10**6, text="y" * 10**6)
    assert (len(order.user), len(order.text)) == (LONGEST_NAME, LONGEST_TEXT)


@pytest.mark.parametrize(
    "wrong", [{"user": 5}, {"rank": "nan"}, {"sent_at": "2026-01-01T12:00:00"}, {"seq": "x"}]
)
def test_nonsense_is_no_order(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        Order.model_validate(wrong)
