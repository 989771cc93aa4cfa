"""Ids: derived, free of what subjects cannot have, and different for different things."""

import re
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from rosey import ids

# Any text of a platform, half surrogate pairs and separators included.
TEXTS = st.text(st.characters(exclude_categories=()), max_size=20)
PARTS = st.lists(TEXTS, min_size=1, max_size=4)
TIMES = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
ID = re.compile(r"[a-z]-[0-9a-f]{20}")


@given(PARTS)
def test_the_same_parts_make_the_same_id(parts: list[str]) -> None:
    made = ids.derive("m", *parts)
    assert made == ids.derive("m", *parts)
    assert ID.fullmatch(made)


@given(PARTS, PARTS)
def test_different_parts_make_different_ids(parts: list[str], others: list[str]) -> None:
    assert (ids.derive("m", *parts) == ids.derive("m", *others)) is (parts == others)


@given(st.lists(TEXTS, min_size=2, max_size=4), st.sampled_from(["", "\x1f", ":", "1:a", "\x00"]))
def test_no_part_can_pretend_to_be_two(parts: list[str], glue: str) -> None:
    assert ids.derive("m", *parts) != ids.derive("m", glue.join(parts))


@given(TEXTS, TIMES, TEXTS, TEXTS, st.integers(0, 5))
def test_every_kind_of_id_is_one_token(
    channel: str, at: datetime, user: str, text: str, ordinal: int
) -> None:
    message = ids.message_id(channel, at, user, text, ordinal)
    command = ids.command_id(message, "trivia")
    reply = ids.reply_id(command)
    announcement = ids.announcement_id(f"trivia:{channel}", "run", "1")
    made = [
        message,
        command,
        reply,
        announcement,
        ids.numbered(reply, ordinal),
        ids.numbered(announcement, ordinal),
        ids.event_id(command, ordinal),
    ]
    assert len(set(made)) == len(made)
    for one in made:
        assert re.fullmatch(r"[a-z0-9-]{3,60}", one)


def test_a_message_is_told_apart_by_all_that_it_is() -> None:
    at = datetime(2026, 1, 1, 12, tzinfo=UTC)
    first = ids.message_id("lounge/lobby", at, "alice", "hi")
    others = [
        ids.message_id("lounge/attic", at, "alice", "hi"),
        ids.message_id("lounge/lobby", at + timedelta(milliseconds=1), "alice", "hi"),
        ids.message_id("lounge/lobby", at, "bob", "hi"),
        ids.message_id("lounge/lobby", at, "alice", "Hi"),
        ids.message_id("lounge/lobby", at, "alice", "hi", 1),
    ]
    assert len({first, *others}) == 6


def test_a_message_heard_twice_is_one() -> None:
    at = datetime(2026, 1, 1, 12, 0, 0, 5000, tzinfo=UTC)
    elsewhere = at.astimezone(timezone(timedelta(hours=2)))
    first = ids.message_id("lounge/lobby", at, "Alice", "hi")
    assert first == ids.message_id("lounge/lobby", elsewhere, "alice", "hi")
    assert first == ids.message_id("lounge/lobby", at + timedelta(microseconds=300), "ALICE", "hi")


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_numbers_within_one_cause_differ(one: int, other: int) -> None:
    assert (ids.numbered("r-c-1", one) == ids.numbered("r-c-1", other)) is (one == other)
    assert (ids.event_id("c-1", one) == ids.event_id("c-1", other)) is (one == other)


def test_plugins_and_runs_do_not_share_ids() -> None:
    assert ids.command_id("m-1", "dice") != ids.command_id("m-1", "trivia")
    runs = {ids.announcement_id("trivia:lounge/lobby", run, "7") for run in ("a", "b")}
    activities = {ids.announcement_id("trivia:lounge/lobby", "a", number) for number in ("7", "8")}
    assert len(runs | activities) == 3


def test_one_line_may_be_an_answer_and_talk_to_one_plugin() -> None:
    made = {
        ids.command_id("m-1", "trivia"),
        ids.heard_id("m-1", "trivia", "on_message"),
        ids.heard_id("m-1", "trivia", "on_pm"),
        ids.heard_id("m-1", "dice", "on_message"),
    }
    assert len(made) == 4


def test_a_tick_is_one_of_its_timer_its_room_and_its_interval() -> None:
    made = {
        ids.tick_id(plugin, handler, room, number)
        for plugin in ("dice", "trivia")
        for handler in ("every_hour", "every_day")
        for room in ("a/b", "a/c")
        for number in (1, 2)
    }
    assert len(made) == 16
    assert all(ID.fullmatch(each) and each.startswith("a-") for each in made)
