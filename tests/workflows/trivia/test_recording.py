"""Results are written beside the clock, however long the database is away."""

from datetime import timedelta

import pytest
from temporalio.client import WorkflowExecutionStatus

from rosey.durable import base
from tests.workflows.trivia.table import Table


async def play(table: Table) -> None:
    """A game of one question, which bob answers."""
    await table.order("start", user="alice", text="1")
    await table.until_asked(len(table.room.shown) + 1)
    assert (await table.say("bob", "paris")).say == ["✅ bob +29"]
    await table.until(lambda state: not state.playing)


async def test_a_room_plays_on_while_the_database_is_away(table: Table) -> None:
    table.room.away = True
    await play(table)
    await play(table)
    assert (await table.state()).unrecorded == 2
    assert table.room.results == []
    first = table.room.tries[0]
    assert set(table.room.tries) == {first}
    table.room.away = False
    await table.until(lambda state: not state.unrecorded)
    one, two = table.room.results
    assert one["game"] == first != two["game"]
    assert [player["name"] for player in two["players"]] == ["bob"]
    assert one["finished_at"] < two["finished_at"]


async def test_a_game_goes_on_when_the_database_comes_back(table: Table) -> None:
    table.room.away = True
    await play(table)
    await table.order("start", user="alice", text="1")
    await table.until_asked(2)
    table.room.away = False
    await table.clock.sleep(5)
    assert (await table.state()).phase == "open"
    await table.until(lambda state: not state.unrecorded)
    assert len(table.room.results) == 1
    assert (await table.say("bob", "paris")).say == ["✅ bob +29"]
    await table.until_said("🏁")


async def test_what_is_not_written_is_carried_to_the_next_run(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "RENEW_WHEN_QUIET", 60)
    table.room.away = True
    await play(table)
    await play(table)
    first = (await table.handle.describe()).run_id
    for _ in range(30):
        await table.order("scores")
        if (await table.handle.describe()).run_id != first:
            break
    else:
        raise AssertionError("there is no other run")
    assert (await table.state()).unrecorded == 2
    table.room.away = False
    await table.until(lambda state: not state.unrecorded)
    assert len({result["game"] for result in table.room.results}) == 2


async def test_a_quiet_room_closes_when_its_results_are_written(table: Table) -> None:
    table.room.away = True
    await play(table)
    await table.clock.sleep(timedelta(minutes=45))
    assert (await table.handle.describe()).status is WorkflowExecutionStatus.RUNNING
    assert (await table.state()).unrecorded == 1
    tries = len(table.room.tries)
    assert tries >= 40, "at least once a minute"
    table.room.away = False
    await table.handle.result()
    assert len(table.room.results) == 1


async def test_a_room_that_waits_for_the_database_can_be_played_in(table: Table) -> None:
    table.room.away = True
    await play(table)
    await table.clock.sleep(timedelta(minutes=25))
    await play(table)
    assert (await table.state()).unrecorded == 2
    table.room.away = False
    await table.handle.result()
    assert len(table.room.results) == 2


async def test_a_result_that_is_refused_holds_nothing_up(table: Table) -> None:
    table.room.refused = True
    await play(table)
    await table.until(lambda state: not state.unrecorded)
    table.room.refused = False
    await play(table)
    await table.until(lambda state: not state.unrecorded)
    refused, written = table.room.tries
    assert [result["game"] for result in table.room.results] == [written] != [refused]
