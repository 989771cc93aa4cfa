"""What `!history` and `!mystats` read and say."""

from datetime import timedelta
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities.playlist.activity import PlaylistActivities
from plugins.playlist.history import (
    Played,
    Statistics,
    get_history,
    get_statistics,
    get_user_history,
    history_line,
    mystats_line,
    time_words,
)
from rosey.contracts.playlist import Ended, Item, PlaylistChange
from tests.playlist_tables import HERE, NOW, PlaylistTables, item
from tests.vectors import ids, load

STATISTICS = load("playlist_rules", "items_added", "items_played", "items_skipped")


async def on(tables: PlaylistTables, *played: Item, channel: str = HERE, **fields: Any) -> None:
    """They were on, each a minute after the one before."""
    ended = [
        Ended(item=each, played_at=each.added_at + timedelta(minutes=1), **fields)
        for each in played
    ]
    change = PlaylistChange(
        id=f"p-{channel}-{played[0].id}", channel=channel, ended=ended, added=list(played)
    )
    writing = PlaylistActivities(tables.client).record_playlist
    await ActivityEnvironment().run(writing, change)


def titles(played: list[Played]) -> list[str]:
    return [each.title for each in played]


async def test_history_of_a_room_newest_first(tables: PlaylistTables) -> None:
    assert await get_history(tables.client, HERE) == []
    await on(tables, *(item(number) for number in (7, 30, *range(1, 7), *range(8, 30))))
    await on(tables, item(99), channel="lounge/den")
    found = await get_history(tables.client, HERE)
    assert titles(found) == [f"Film {number}" for number in range(30, 10, -1)]
    assert titles(await get_history(tables.client, HERE, 2)) == ["Film 30", "Film 29"]
    assert len(await get_history(tables.client, HERE, 5_000)) == 30
    assert len(await get_history(tables.client, HERE, -1)) == 1


async def test_what_is_read_of_a_play(tables: PlaylistTables) -> None:
    await on(tables, item(1), watched=12.5, skipped=True)
    assert await get_history(tables.client, HERE) == [
        Played(
            channel=HERE,
            type="yt",
            media_id="video1",
            title="Film 1",
            seconds=60.0,
            added_by="Alice",
            played_at=NOW + timedelta(seconds=61),
            watched=12.5,
            skipped=True,
        )
    ]


async def test_history_of_a_person_whatever_the_spelling(tables: PlaylistTables) -> None:
    await on(tables, item(1, "Alice"), item(2, "bob"), item(3, "ALICE"))
    await on(tables, item(4, "alice"), channel="lounge/den")
    assert titles(await get_user_history(tables.client, "aLICE")) == ["Film 4", "Film 3", "Film 1"]
    assert titles(await get_user_history(tables.client, "alice", 1)) == ["Film 4"]
    here = await get_user_history(tables.client, "alice", channel=HERE)
    assert titles(here) == ["Film 3", "Film 1"]
    assert await get_user_history(tables.client, "carol") == []


async def test_statistics_of_a_person_in_the_room(tables: PlaylistTables) -> None:
    assert await get_statistics(tables.client, HERE, "alice") is None
    await on(tables, item(1), item(2), watched=30.0, skipped=True)
    await on(tables, item(3), channel="lounge/den", watched=60.0)
    found = await get_statistics(tables.client, HERE, "ALICE")
    assert found == Statistics(2, 2, 2, 120.0, 60.0)
    assert await get_statistics(tables.client, HERE, "bob") is None


@pytest.mark.parametrize("vector", STATISTICS, ids=ids(STATISTICS))
def test_vectors(vector: dict[str, Any]) -> None:
    statistics = Statistics(**vector["in"])
    assert statistics.skip_rate == vector["out"]["skip_rate_pct"]
    assert time_words(statistics.total_duration_played) == vector["out"]["time"]


@pytest.mark.parametrize(
    ("statistics", "rate", "time"),
    [
        (Statistics(), "0", "0h 0m"),
        (Statistics(items_skipped=1, items_played=1), "100", "0h 0m"),
        (Statistics(3, 0, 0, 5, 59.9), "0", "0h 0m"),
        (Statistics(total_duration_played=360_000.5), "0", "100h 0m"),
    ],
)
def test_rates_and_times_at_their_ends(statistics: Statistics, rate: str, time: str) -> None:
    assert (statistics.skip_rate, time_words(statistics.total_duration_played)) == (rate, time)


def test_mystats_in_one_line() -> None:
    line = "📊 Alice: 1,042 added, 38 played, skip rate 16%, total 2h 45m"
    assert mystats_line("Alice", Statistics(1042, 38, 6, 10**6, 9900)) == line
    assert mystats_line("Alice", None, "?") == (
        "You have not added anything here yet. ?add <link> queues something."
    )


def played(title: str, by: str = "alice", skipped: bool = False) -> Played:
    return Played(HERE, "yt", "x", title, 60.0, by, NOW, 60.0, skipped)


def test_history_in_one_line() -> None:
    found = [played("The Matrix"), played("Speed", "bob", skipped=True), played(" a \n b ", "")]
    assert history_line(found) == "Last played: ✅ The Matrix (alice) · ⏭️ Speed (bob) · ✅ a b"
    assert history_line([played("")]) == "Last played: ✅ yt:x (alice)"
    assert history_line([played("x" * 100, "")]) == f"Last played: ✅ {'x' * 59}…"
    assert history_line([], "?") == (
        "Nothing has been played here yet. ?add <link> queues something."
    )
