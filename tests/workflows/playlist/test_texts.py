from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workflows.playlist.platform import START
from tests.workflows.playlist.room import Desk
from workflows.playlist import forecast, texts
from workflows.playlist.models import Entry, Playing, Settings
from workflows.playlist.rules import Over


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "1 s"),
        (0, "1 s"),
        (89.4, "89 s"),
        (90, "2 min"),
        (3569, "59 min"),
        (3571, "1 h"),
        (7500, "2 h 5 min"),
    ],
)
def test_spans(seconds: float, text: str) -> None:
    assert texts.span(seconds) == text


@pytest.mark.parametrize(
    ("over", "text"),
    [
        (Over(limit="max_items"), "❌ You can only have 5 items in queue; one must play first."),
        (
            Over(limit="max_items", until=START + timedelta(minutes=4)),
            "❌ You can only have 5 items in queue; your next one starts in 4 min.",
        ),
        (
            Over(limit="max_duration"),
            "❌ You can only have 30:00 in queue; add something shorter.",
        ),
        (
            Over(limit="rate", until=START + timedelta(seconds=8)),
            "❌ Slow down: 3 in 10 s at most; try again in 8 s.",
        ),
        (
            Over(limit="queue_full"),
            "❌ The queue is full (100 items); something must play first.",
        ),
        (Over(limit="duplicate"), "❌ That is in the queue already."),
    ],
)
def test_refusals(over: Over, text: str) -> None:
    assert texts.refused(over, Settings(), START) == text


def test_what_has_no_title_has_a_name() -> None:
    assert texts.name("", "abc") == "abc"
    assert texts.name("") == "something without a title"
    entry = Entry(id="e", type="fi", media_id="https://x/y.mp4", added_at=START)
    assert texts.added(entry, 1, "") == "📺 Added to queue (#1): https://x/y.mp4"
    assert texts.taken(entry, "bob") == "🗑️ bob took https://x/y.mp4 out of the queue."


def test_a_long_rotation_is_not_read_out() -> None:
    desk = Desk(rate_limit_count=100)
    for number in range(texts.PAGE):
        desk.add(f"person{number}", f"m{number}")
    assert desk.add("alice", "a1").endswith("(person0, person1, person2, person3, person4, you)")
    assert desk.add("bob", "b1") == "📺 Added to queue (#7): b1 · in 6 min"


def test_who_is_away_takes_no_turn() -> None:
    desk = Desk()
    desk.add("bob", "b1")
    desk.add("carol", "c1")
    desk.user("leave", "bob")
    desk.later(600)
    assert desk.add("alice", "a1").endswith("(carol, you)")


def test_what_may_not_be_done() -> None:
    assert texts.cannot("move", "no right") == (
        "⚠️ I may not move items here (no right); "
        "they play in the order in which they are on the list."
    )


@given(st.text(max_size=200), st.text(max_size=50))
def test_titles_and_names_break_no_table(title: str, user: str) -> None:
    desk = Desk()
    desk.add(user or "x", "m1")
    desk.room.queue[0].title = title
    desk.room.playing = Playing(type="yt", media_id="m", title=title, started_at=START)
    starts = forecast.starts(desk.room.queue, desk.room.playing, desk.now)
    lines = texts.details(desk.room, starts).split("\n")
    [row] = [line for line in lines if line.startswith("| 1 |")]
    assert row.replace("\\\\", "").replace("\\|", "").count("|") == 6
    assert lines[-1] == "1 item waiting, 0 held."


def test_the_operator_reads_what_is_wrong() -> None:
    desk = Desk()
    desk.room.platform.cannot = {"move": "no *right*"}
    desk.room.platform.connected = False
    details = texts.details(desk.room, [])
    assert "- may not move: no \\*right\\*" in details
    assert details.endswith("- not in the room at the moment")


def test_the_operator_reads_the_first_of_many() -> None:
    desk = Desk(rate_limit_count=100)
    for number in range(texts.ROWS + 5):
        desk.add(f"person{number}", f"m{number}")
    starts = forecast.starts(desk.room.queue[: texts.ROWS], None, desk.now)
    details = texts.details(desk.room, starts)
    assert f"| {texts.ROWS} | m{texts.ROWS - 1} |" in details
    assert "| … | 5 more | | | |" in details
    assert f"| {texts.ROWS + 1} |" not in details
