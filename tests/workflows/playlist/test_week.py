"""A week of films: nothing is lost or played twice, and the workflow stays small."""

import uuid
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from temporalio.api.history.v1 import HistoryEvent
from temporalio.testing import WorkflowEnvironment

from activities.playlist.changes import Counted, people
from rosey.durable.base import RENEW_WHEN_QUIET
from temporal.worker import CACHED, make_worker
from tests.servers import until
from tests.workflows.playlist.week import FILM, PEOPLE, SETTINGS, Listening, Week

# Most of it are the orders of late, of which 500 are kept so that none is taken twice. Bytes.
MOST_CARRIED = 96 * 1024
SKIPS = ("⏭️ alice skips", "⏭️ 1 vote", "⏭️ 2 votes", "⏭️ 3 votes")
MOST_EVENTS = 150  # an item
SEEN = timedelta(seconds=15)  # by which what is said of a film's time may be wrong


@pytest.fixture
async def week(clock: WorkflowEnvironment) -> AsyncIterator[Week]:
    week = Week(clock, seed=7)
    queue = f"playlist-{uuid.uuid4()}"
    async with make_worker(clock.client, queue, [Listening], week.activities, cached=CACHED):
        week.handle = await clock.client.start_workflow(
            "Playlist", id=f"playlist:lounge/{uuid.uuid4().hex}", task_queue=queue
        )
        await until(lambda: hasattr(Listening, "latest"), 30)
        yield week
    del Listening.latest


async def histories(week: Week) -> list[list[HistoryEvent]]:
    """Of all runs, oldest first."""
    assert week.handle
    found: list[list[HistoryEvent]] = []
    run = (await week.handle.describe()).run_id
    while run:
        handle = week.clock.client.get_workflow_handle(week.handle.id, run_id=run)
        events = (await handle.fetch_history()).events
        found.insert(0, list(events))
        run = events[0].workflow_execution_started_event_attributes.continued_execution_run_id
    return found


async def lived(week: Week) -> None:
    week.list.join(first=True, users=tuple(sorted(week.here)))
    await week.at_rest()
    await week.ask("vote", "alice", settings=SETTINGS)
    happens = {
        20: week.line_drops,
        40: week.database_goes,
        43: week.database_comes,
        60: week.server_restarts,
    }
    await week.live(7, happens)
    await week.to_the_end()


def ids(week: Week, event: str) -> list[str]:
    return [data["item"]["id"] for name, data in week.events if name == event]


def everything_was_seen_or_taken_out(week: Week) -> None:
    said = Counter(line.split()[0] for line in week.lines)
    added, ended, removed = (ids(week, f"item_{what}") for what in ("added", "ended", "removed"))
    assert len(added) == said["📺"] == week.asked - said["❌"]
    assert len(removed) == said["🗑️"] > 0
    assert sorted(added) == sorted([*ended, *removed]), "each once"
    assert ids(week, "item_started") == ended


def the_history_is_what_was_on(week: Week) -> None:
    rows = [row for change in week.written() for row in change.ended]
    assert [row.item.id for row in rows] == ids(week, "item_ended")
    assert [row.item.media_id for row in rows] == [shown.media for shown in week.list.shown]
    for row, shown in zip(rows, week.list.shown, strict=True):
        assert abs(row.played_at - shown.began) < SEEN
        assert abs(row.watched - shown.seconds) < SEEN.total_seconds()
        assert row.skipped == (shown.seconds < FILM)
    assert len(rows) > 7 * 24 * 3600 / FILM * 0.9
    assert sum(row.skipped for row in rows) == sum(line.startswith(SKIPS) for line in week.lines)


def statistics_add_up(week: Week) -> None:
    sums: dict[str, Counted] = {}
    for change in week.written():
        for name, counted in people(change).items():
            whole = sums.setdefault(name, Counted(name))
            whole.added += counted.added
            whole.played += counted.played
            whole.skipped += counted.skipped
            whole.seconds_played += counted.seconds_played
    added = [data["item"] for name, data in week.events if name == "item_added"]
    ended = [(data["item"], data) for name, data in week.events if name == "item_ended"]
    assert set(sums) == set(PEOPLE)
    for name, whole in sums.items():
        own = [data for item, data in ended if item["added_by"] == name]
        assert whole.added == sum(item["added_by"] == name for item in added)
        assert whole.played == len(own)
        assert whole.skipped == sum(data["skipped"] for data in own)
        assert whole.seconds_played == pytest.approx(sum(data["watched"] for data in own), abs=60)


def it_stays_small(week: Week, runs: list[list[HistoryEvent]]) -> None:
    carried = [
        sum(payload.ByteSize() for payload in last.input.payloads)
        for last in (
            events[-1].workflow_execution_continued_as_new_event_attributes for events in runs[:-1]
        )
    ]
    assert len(carried) >= 5
    assert max(carried) < MOST_CARRIED
    assert sum(map(len, runs)) < MOST_EVENTS * len(week.list.shown)
    assert max(map(len, runs)) < 2 * RENEW_WHEN_QUIET


@pytest.mark.timeout(300)
async def test_a_week_of_films(week: Week) -> None:
    await lived(week)
    assert not week.copy
    assert week.tries > len(week.changes), "the database was away"
    everything_was_seen_or_taken_out(week)
    the_history_is_what_was_on(week)
    statistics_add_up(week)
    runs = await histories(week)
    it_stays_small(week, runs)
