"""The connection's life, with a desk that plays along."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import Client, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.worker import UnsandboxedWorkflowRunner, WorkflowRunner

from rosey.contracts.connection import OBSERVED, Observed
from rosey.platform import RoomState
from temporal.client import connect
from temporal.worker import make_worker, sandboxed_runner
from tests.servers import until
from tests.temporal_servers import time_skipping
from tests.workflows.connection.desk import BANNED, STRANGER, Desk
from workflows.connection import workflow as module
from workflows.connection.models import ConnectionState, Link
from workflows.connection.workflow import Connection


class Life:
    """A connection with one live process, whose queue is `home`."""

    def __init__(self, client: Client, runner: WorkflowRunner | None = None) -> None:
        self.client = client
        self.shared = f"connection-{uuid.uuid4()}"
        self.home = f"home-{uuid.uuid4()}"
        self.desk = Desk(self.home)
        self.runner = runner or sandboxed_runner()
        self.handle: WorkflowHandle[Any, Any]

    @asynccontextmanager
    async def workers(self) -> AsyncIterator["Life"]:
        shared = make_worker(
            self.client, self.shared, [Connection], self.desk.shared, runner=self.runner
        )
        own = make_worker(self.client, self.home, [], self.desk.own)
        async with shared, own:
            yield self
            await self.handle.terminate()

    async def start(self, link: Link | None = None) -> None:
        self.handle = await self.client.start_workflow(
            "Connection",
            *([link] if link else []),
            id=f"connection:{uuid.uuid4().hex}",
            task_queue=self.shared,
        )

    async def state(self) -> ConnectionState:
        state: ConnectionState = await self.handle.query("state", result_type=ConnectionState)
        return state

    async def until_held(self, times: int = 1) -> None:
        await until(
            lambda: len(self.desk.holds) >= times and self.desk.holding == 1,
            what=f"{times} holds, not {self.desk.holds}",
        )

    async def update(self, name: str, *args: Any) -> ConnectionState:
        state: ConnectionState = await self.handle.execute_update(
            name, args=args, result_type=ConnectionState
        )
        return state


@pytest.fixture
async def life(temporal_address: str) -> AsyncIterator[Life]:
    async with Life(await connect(temporal_address)).workers() as life:
        yield life


@pytest.fixture
async def quick_life(temporal_address: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Life]:
    """Gives a queue up after a second, and begins anew after 30 events."""
    monkeypatch.setattr(module, "TO_START", timedelta(seconds=1))
    monkeypatch.setattr(module, "RENEW_AT", 30)
    runner = UnsandboxedWorkflowRunner()
    async with Life(await connect(temporal_address), runner).workers() as life:
        yield life


async def test_it_claims_a_process_and_has_it_hold_the_connection(life: Life) -> None:
    await life.start()
    await life.until_held()
    assert life.desk.claims == 1
    [hold] = life.desk.holds
    assert (hold.connection, hold.turn) == (life.handle.id.removeprefix("connection:"), 1)
    state = await life.state()
    assert (state.connection, state.wanted, state.connected) == (hold.connection, True, False)


@pytest.mark.parametrize("by", ["signal", "update"])
async def test_disconnect_and_connect(life: Life, by: str) -> None:
    await life.start()
    await life.until_held()

    async def tell(name: str) -> None:
        if by == "signal":
            await life.handle.signal(name, {"user": "zoe"})
        else:
            state = await life.update(name, {"user": "zoe"})
            assert state.wanted is (name == "connect")

    await tell("disconnect")
    await until(lambda: len(life.desk.leaves) == 1 and life.desk.holding == 0)
    state = await life.state()
    assert (state.wanted, state.stopped) == (False, "asked to leave")
    await tell("connect")
    await life.until_held(2)
    state = await life.state()
    assert (state.wanted, state.stopped) == (True, "")
    assert [hold.turn for hold in life.desk.holds] == [1, 2]
    assert [leave.turn for leave in life.desk.leaves] == [1]


@pytest.mark.parametrize("end", [BANNED, STRANGER], ids=["banned", "elsewhere"])
async def test_who_is_not_let_in_stops_and_says_so(life: Life, end: ApplicationError) -> None:
    life.desk.script = [end]
    await life.start()
    while (await life.state()).wanted:
        assert not life.desk.holding
    assert (await life.state()).stopped == end.message
    details = await details_of(life)
    assert details == f"**Away**: {end.message}. Signal `connect` to go in again."
    assert life.desk.attempts == 1
    await life.handle.signal("connect")
    await life.until_held(2)


async def test_failures_of_the_platform_are_tried_again_as_it_wants() -> None:
    """The delays come with the failures; the workflow does not even hear of them."""
    seconds = (5, 10, 20, 40, 60)
    async with time_skipping() as clock, Life(clock.client).workers() as life:
        life.desk.script = [
            ApplicationError("gone", next_retry_delay=timedelta(seconds=each)) for each in seconds
        ]
        await life.start()
        await until(lambda: life.desk.attempts == 1)
        started = await clock.get_current_time()
        while life.desk.attempts <= len(seconds):
            await clock.sleep(1)
        took = (await clock.get_current_time()) - started
        assert sum(seconds) <= took.total_seconds() <= sum(seconds) + 10
        assert len(life.desk.holds) == 1


async def test_a_queue_where_nobody_works_is_given_up(quick_life: Life) -> None:
    quick_life.desk.queues = ["deserted", quick_life.home]
    await quick_life.start()
    await quick_life.until_held()
    assert quick_life.desk.claims == 2
    assert [hold.turn for hold in quick_life.desk.holds] == [2]


async def test_leaving_when_nobody_is_there(quick_life: Life) -> None:
    quick_life.desk.queues = ["deserted", quick_life.home]
    await quick_life.start()
    await until(lambda: quick_life.desk.claims == 1)
    await quick_life.update("disconnect")
    state = await quick_life.update("connect")
    assert (state.wanted, state.stopped) == (True, "")
    await quick_life.until_held()
    assert quick_life.desk.claims == 2
    assert not quick_life.desk.leaves


async def test_a_desk_that_lets_go_is_asked_again(life: Life) -> None:
    life.desk.script = [None]
    await life.start()
    await life.until_held(2)
    assert life.desk.claims == 1


async def test_connect_while_waiting_to_try_again_tries_now(life: Life) -> None:
    life.desk.script = [ApplicationError("gone", next_retry_delay=timedelta(hours=1))]
    await life.start()
    await until(lambda: life.desk.attempts == 1)
    await life.handle.signal(
        OBSERVED, Observed(connected=False, failures=9, last_error="gone *away*")
    )
    state = await life.state()
    assert (state.failures, state.last_error) == (9, "gone *away*")
    assert await details_of(life) == "**Connecting**, 9 failures. gone \\*away\\*"
    await life.handle.signal("connect")
    await life.until_held(2)


async def test_connect_while_connected_changes_nothing(life: Life) -> None:
    await life.start()
    await life.until_held()
    await life.handle.signal(OBSERVED, Observed(connected=True))
    state = await life.update("connect")
    assert state.connected
    assert len(life.desk.holds) == 1


async def test_the_state_of_the_room(life: Life) -> None:
    await life.start()
    await life.until_held()
    seen = Observed(
        connected=True,
        since=datetime(2026, 1, 1, tzinfo=UTC),
        room=RoomState(
            users=[{"name": "bob", "rank": 2.0}, {"name": "a_b"}],
            rank=3.0,
            motd="welcome",
            permissions={"chat": 0},
            media={"title": "A | *film*", "seconds": 600},
        ),
    )
    await life.handle.signal(OBSERVED, seen)
    state = await life.state()
    assert state.connected
    assert state.room == seen.room
    assert await details_of(life) == (
        "**Connected** since 2026-01-01 00:00:00+00:00\n\n"
        "People: bob, a\\_b\n\nPlaying: A \\| \\*film\\*"
    )


async def test_the_film_goes_on_between_two_reports(life: Life) -> None:
    await life.start()
    await life.until_held()
    room = RoomState(media={"title": "film"}, position=100.0)
    room.media_at = (datetime.now(UTC) - timedelta(seconds=30)).isoformat()
    await life.handle.signal(OBSERVED, Observed(connected=True, room=room))
    assert 129 <= (await life.state()).position <= 140
    room.paused = True
    await life.handle.signal(OBSERVED, Observed(connected=True, room=room))
    assert (await life.state()).position == 100.0
    await life.handle.signal(OBSERVED, Observed(connected=True, room=RoomState()))
    assert (await life.state()).position == 0.0


async def test_a_long_history_begins_anew_with_the_same_process(quick_life: Life) -> None:
    """No new claim: the process that has the socket keeps it."""
    await quick_life.start()
    await quick_life.until_held()
    run = (await quick_life.handle.describe()).run_id
    number = 0
    while (await quick_life.handle.describe()).run_id == run:
        number += 1
        room = RoomState(rank=number)
        await quick_life.handle.signal(OBSERVED, Observed(connected=True, room=room))
        await quick_life.state()
    await quick_life.until_held(2)
    assert (quick_life.desk.claims, quick_life.desk.leaves) == (1, [])
    assert [hold.turn for hold in quick_life.desk.holds] == [1, 2]
    state = await quick_life.state()
    assert (state.connected, state.room.rank) == (True, number)


async def test_an_unwanted_connection_begins_anew_too(quick_life: Life) -> None:
    await quick_life.start(Link(wanted=False, stopped="banned"))
    run = (await quick_life.handle.describe()).run_id
    while (await quick_life.handle.describe()).run_id == run:
        await quick_life.update("disconnect")
    state = await quick_life.state()
    assert (state.wanted, state.stopped) == (False, "asked to leave")
    assert quick_life.desk.attempts == 0


async def details_of(life: Life) -> str:
    """What the Web UI shows."""
    metadata: WorkflowMetadata = await life.handle.query("__temporal_workflow_metadata")
    return metadata.current_details
