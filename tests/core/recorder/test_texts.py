"""What Rosey says of whom she remembers."""

from datetime import UTC, datetime, timedelta

import pytest

from core.recorder import texts
from rosey.storage.room import ChannelStats, UserStats

NOW = datetime(2026, 6, 10, 12, tzinfo=UTC)


def bob(**fields: object) -> UserStats:
    return UserStats.model_validate({"channel": "lounge/lobby", "username": "bob", **fields})


@pytest.mark.parametrize(
    ("person", "told"),
    [
        (bob(), "bob: no lines yet"),
        (bob(lines=1, last_seen=NOW), "bob: 1 line, last seen just now"),
        (bob(lines=2, seconds_connected=59), "bob: 2 lines"),
        (
            bob(online_since=NOW - timedelta(hours=1), seconds_connected=7_200),
            "bob: no lines yet, here for 3 h, here now",
        ),
    ],
)
def test_stats_say_what_is_known(person: UserStats, told: str) -> None:
    assert texts.stats(person, NOW) == told


@pytest.mark.parametrize(
    ("person", "told"),
    [
        (bob(last_seen=NOW - timedelta(seconds=30)), "bob was here 30 s ago."),
        (bob(last_seen=NOW - timedelta(days=9)), "bob was here 9 days ago, on 1 June 2026."),
        (bob(online_since=NOW), "bob is here, for less than a minute now."),
        (bob(), "I have not met bob here yet."),
    ],
)
def test_seen_says_when(person: UserStats, told: str) -> None:
    assert texts.seen(person, NOW) == told


def test_a_long_name_is_cut() -> None:
    assert texts.unknown("x" * 100) == f"I have not met {'x' * 29}… here yet."


def test_one_person_is_no_people() -> None:
    room = ChannelStats(channel="lounge/lobby", peak_users=1, peak_at=NOW)
    assert texts.top([], room) == (
        "Nobody has said anything here yet. The most at once: 1 person, on 10 June 2026."
    )
