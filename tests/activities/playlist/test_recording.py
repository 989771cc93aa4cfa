"""What a change of a playlist changes in the tables, whatever goes wrong on the way."""

import dataclasses
import logging
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.playlist import activities
from activities.playlist.activity import PlaylistActivities
from activities.playlist.changes import KNOWN_FOR, operations
from rosey.bus import Bus
from rosey.contracts.playlist import Ended, Item, LoadQueue, PlaylistChange
from rosey.contracts.storage import MOST_OPERATIONS, Batch, Code
from rosey.durable.surroundings import Surroundings
from tests.playlist_tables import HERE, NOW, PlaylistTables, item

PLAYED = NOW + timedelta(hours=1)


def change(number: int = 1, **fields: Any) -> PlaylistChange:
    sound: dict[str, Any] = {"id": f"p-{number}", "channel": HERE}
    return PlaylistChange.model_validate(sound | fields)


def ended(of: Item, watched: float = 60.0, skipped: bool = False, **fields: Any) -> Ended:
    return Ended(item=of, watched=watched, skipped=skipped, **{"played_at": PLAYED} | fields)


def whole(number: int = 1) -> PlaylistChange:
    """One that touches every table."""
    return change(
        number,
        queue=[item(2), item(3, "bob")],
        added=[item(3, "bob")],
        ended=[ended(item(1), 12.5, skipped=True)],
    )


def playlist(tables: PlaylistTables) -> PlaylistActivities:
    return PlaylistActivities(tables.client)


async def record(tables: PlaylistTables, change: PlaylistChange, at: datetime = PLAYED) -> None:
    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(ActivityEnvironment.default_info(), scheduled_time=at)
    await environment.run(playlist(tables).record_playlist, change)


async def load(tables: PlaylistTables, channel: str = HERE) -> list[Item]:
    wanted = LoadQueue(channel=channel)
    return (await ActivityEnvironment().run(playlist(tables).load_queue, wanted)).items


async def everything(tables: PlaylistTables) -> dict[str, Any]:
    names = ("queue", "history", "user_stats", "room_stats", "changes")
    return {name: await tables.rows(name) for name in names}


async def is_empty(tables: PlaylistTables) -> bool:
    return not any((await everything(tables)).values())


async def test_the_copy_is_the_queue_after_each_change(tables: PlaylistTables) -> None:
    queue = [
        item(3, live=True, seconds=0.0),
        item(1, parked=True),
        item(2, thumbnail="https://a/b"),
    ]
    await record(tables, change(1, queue=queue))
    assert await load(tables) == queue
    await record(tables, change(2, queue=queue[1:]))
    await record(tables, change(3, added=[item(9)]))
    assert await load(tables) == queue[1:]
    assert [row["position"] for row in await tables.rows("queue")] == [0, 1]
    await record(tables, change(4, queue=[]))
    assert await load(tables) == []


async def test_rooms_do_not_touch_each_other(tables: PlaylistTables) -> None:
    await record(tables, change(1, queue=[item(1)], ended=[ended(item(2))]))
    other = change(2, channel="lounge/den", queue=[item(5)], history_days=1, ended=[])
    await record(tables, other, PLAYED + timedelta(days=30))
    assert await load(tables) == [item(1)]
    assert await load(tables, "lounge/den") == [item(5)]
    assert len(await tables.rows("history")) == 1


async def test_a_long_queue_is_one_whole(tables: PlaylistTables) -> None:
    queue = [item(number) for number in range(1_100)]
    await record(tables, change(1, queue=queue))
    assert await load(tables) == queue


async def test_a_play_is_a_row_of_history(tables: PlaylistTables) -> None:
    played = [ended(item(1)), ended(item(2), 12.5, skipped=True), ended(item(3, seconds=0), 9)]
    await record(tables, change(1, ended=played))
    first, second, third = await tables.rows("history")
    assert first == {
        "channel": HERE,
        "item_id": "i-1",
        "media_type": "yt",
        "media_id": "video1",
        "title": "Film 1",
        "duration": 60.0,
        "added_by": "Alice",
        "name_key": "alice",
        "played_at": "2026-05-03T21:00:00Z",
        "play_duration": 60.0,
        "watched_seconds": 60.0,
        "skipped": False,
    }
    assert (second["play_duration"], second["watched_seconds"], second["skipped"]) == (
        0,
        12.5,
        True,
    )
    assert (third["play_duration"], third["watched_seconds"]) == (0, 9)


async def test_statistics_of_a_person_in_the_room_and_in_all(tables: PlaylistTables) -> None:
    await record(tables, change(1, added=[item(2), item(1), item(3, "ALICE")]))
    await record(tables, change(2, ended=[ended(item(1)), ended(item(2), 12.5, skipped=True)]))
    await record(tables, change(3, channel="lounge/den", added=[item(4, "alice", seconds=0)]))
    counted = {
        "items_added": 3,
        "items_played": 2,
        "items_skipped": 1,
        "total_duration_added": 180.0,
        "total_duration_played": 72.5,
        "last_add": "2026-05-03T20:00:03Z",
    }
    room = {"channel": HERE, "user_id": "alice", "username": "Alice"}
    assert await tables.row("room_stats", channel=HERE) == room | counted
    assert await tables.row("user_stats") == {
        **counted,
        "user_id": "alice",
        "items_added": 4,
        "last_add": "2026-05-03T20:00:04Z",
    }
    assert (await tables.row("room_stats", channel="lounge/den"))["items_added"] == 1


async def test_what_nobody_added_counts_for_nobody(tables: PlaylistTables) -> None:
    await record(tables, change(1, added=[item(1, "")], ended=[ended(item(2, ""))]))
    assert (await tables.row("history"))["added_by"] == ""
    assert await tables.rows("user_stats") == await tables.rows("room_stats") == []


async def test_old_history_is_forgotten_and_statistics_stay(tables: PlaylistTables) -> None:
    old = ended(item(1), played_at=PLAYED - timedelta(days=30, seconds=1))
    await record(tables, change(1, ended=[old], history_days=0))
    young = ended(item(2), played_at=PLAYED - timedelta(days=29))
    await record(tables, change(2, ended=[young], history_days=10**9))
    assert len(await tables.rows("history")) == 2
    await record(tables, change(3, queue=[], history_days=30))
    assert [row["item_id"] for row in await tables.rows("history")] == ["i-2"]
    assert (await tables.row("user_stats"))["items_played"] == 2


async def test_hostile_texts_are_kept_as_far_as_they_can_be(tables: PlaylistTables) -> None:
    hostile = item(
        1,
        "b" * 300,
        title="a\0b" + "x" * 300,
        media_id="https://e.org/" + "x" * 1_000,
        thumbnail="https://e.org/" + "x" * 3_000,
        seconds=-1.0,
    )
    await record(tables, change(1, queue=[hostile], added=[hostile], ended=[ended(hostile, -5)]))
    (kept,) = await load(tables)
    assert kept.title == "ab" + "x" * 253
    assert (kept.media_id, kept.thumbnail, kept.seconds) == (hostile.media_id, "", 0)
    person = await tables.row("room_stats")
    assert (person["user_id"], person["total_duration_played"]) == ("b" * 100, 0)
    sql = item(2, "x'); --", title="'; drop table playlist_queue; --")
    await record(tables, change(2, queue=[sql], added=[sql], ended=[ended(sql)]))
    assert await load(tables) == [sql]


def test_half_characters_are_replaced() -> None:
    """They come from a title's escapes, and no database takes them."""
    half = item(1).model_copy(update={"title": "a\ud800b", "added_by": "c\udfff"})
    found = operations(change(1).model_copy(update={"queue": [half], "added": [half]}), NOW)
    assert "a?b" in str(found).encode().decode()
    assert "'user_id': 'c?'" in str(found)


async def test_a_change_is_one_batch_that_the_service_takes(tables: PlaylistTables) -> None:
    crowd = [item(number, f"guest {number:03}") for number in range(600)]
    await record(tables, change(1, queue=crowd * 2, added=crowd, ended=[ended(i) for i in crowd]))
    (request,) = tables.asked
    assert Batch.model_validate(request).idempotency_key == "p-1"
    assert len(request["operations"]) <= MOST_OPERATIONS
    assert len(await load(tables)) == 1_200
    assert len(await tables.rows("history")) == 600
    assert [row["user_id"] for row in await tables.rows("user_stats")] == [
        f"guest {number:03}" for number in range(400)
    ]


async def test_however_often_it_is_tried_it_counts_once(tables: PlaylistTables) -> None:
    await record(tables, whole())
    before = await everything(tables)
    for _ in range(2):
        await record(tables, whole())
    await tables.forget_keys()
    for _ in range(2):
        await record(tables, whole())
    assert await everything(tables) == before
    assert (await tables.row("room_stats", user_id="alice"))["items_skipped"] == 1


async def test_an_old_change_does_not_bring_an_old_queue_back(tables: PlaylistTables) -> None:
    await record(tables, change(1, queue=[item(1)], added=[item(1)]))
    await record(tables, change(2, queue=[item(2)]))
    await tables.forget_keys()
    await record(tables, change(1, queue=[item(1)], added=[item(1)]))
    assert await load(tables) == [item(2)]
    assert (await tables.row("user_stats"))["items_added"] == 1


async def test_which_changes_are_known_is_not_kept_for_ever(tables: PlaylistTables) -> None:
    await record(tables, change(1), PLAYED)
    await record(tables, change(2, channel="lounge/den"), PLAYED)
    await record(tables, change(3), PLAYED + KNOWN_FOR)
    assert len(await tables.rows("changes")) == 3
    await record(tables, change(4), PLAYED + KNOWN_FOR + timedelta(seconds=1))
    assert {row["change_id"] for row in await tables.rows("changes")} == {"p-2", "p-3", "p-4"}


@pytest.mark.parametrize("how", ["away", "deaf"])
async def test_a_database_that_does_not_answer_is_waited_for(
    tables: PlaylistTables, how: str
) -> None:
    setattr(tables, how, True)
    with pytest.raises(ApplicationError, match=r"p-1 of lounge/lobby is not written yet: The data"):
        await record(tables, whole())
    with pytest.raises(ApplicationError, match="lounge/lobby is not read yet: The data") as caught:
        await load(tables)
    assert not caught.value.non_retryable
    setattr(tables, how, False)
    await record(tables, whole())
    assert (await tables.row("user_stats", user_id="bob"))["items_added"] == 1
    assert len(await tables.rows("history")) == 1
    assert len(await load(tables)) == 2


@pytest.mark.parametrize("number", range(9))
@pytest.mark.parametrize("code", [Code.INTERNAL_ERROR, Code.CONFLICT])
async def test_what_breaks_on_the_way_leaves_nothing_and_is_tried_again(
    tables: PlaylistTables, number: int, code: Code
) -> None:
    tables.break_at, tables.breaks = number, code
    with pytest.raises(ApplicationError) as caught:
        await record(tables, whole())
    assert (caught.value.type, caught.value.non_retryable) == (code, False)
    assert await is_empty(tables)
    tables.break_at = None
    await record(tables, whole())
    assert (await tables.row("user_stats", user_id="alice"))["items_played"] == 1


async def test_a_refusal_is_final_and_the_log_has_what_is_new(
    tables: PlaylistTables, caplog: pytest.LogCaptureFixture
) -> None:
    tables.break_at = 1
    with pytest.raises(ApplicationError) as caught:
        await record(tables, whole(7))
    assert caught.value.non_retryable
    assert await is_empty(tables)
    (line,) = [entry.getMessage() for entry in caplog.records if entry.levelno == logging.ERROR]
    assert "refused change p-7 of lounge/lobby: It broke. (VALIDATION_ERROR)" in line
    assert "Film 1" in line
    assert "Film 2" not in line


async def test_a_conflict_of_which_nobody_knows_more_is_tried_again(
    tables: PlaylistTables,
) -> None:
    await record(tables, whole())
    await tables.forget_keys()
    ask = tables.client._ask

    async def forgetful(kind: str, op: str, request: bytes, patience: float) -> bytes:
        tables.away = op == "count"
        return await ask(kind, op, request, patience)

    tables.client._ask = forgetful
    with pytest.raises(ApplicationError, match="is not written yet") as caught:
        await record(tables, whole())
    assert not caught.value.non_retryable


class Wire:
    """A bus on which somebody answers requests."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def request(self, subject: str, data: bytes, timeout: float) -> bytes:
        self.asked.append(subject)
        more = b'"rows": [], "count": 0, "truncated": false' if "select" in subject else b""
        return b'{"success": true, ' + (more or b'"results": []') + b"}"


async def test_a_plugin_writes_with_its_own_rights(tmp_path: Path) -> None:
    wire = Wire()
    surroundings = Surroundings(cast(Bus, wire), "playlist", tmp_path, tmp_path)
    record_playlist, load_queue, *_ = activities(surroundings)
    await ActivityEnvironment().run(record_playlist, whole())
    await ActivityEnvironment().run(load_queue, LoadQueue(channel=HERE))
    assert wire.asked == ["db.row.playlist.batch", "db.row.playlist.select"]
