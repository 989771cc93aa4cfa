"""The desk of a process: its session stays while attempts to hold it come and go."""

import asyncio
import dataclasses
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.client import Client, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.connection import activity as module
from activities.connection.activity import ConnectionActivities, Offer
from connectors.fake.connector import FakeConnector
from rosey import subjects
from rosey.bus import Bus
from rosey.contracts.connection import Hold, Leave, Progress
from rosey.durable.surroundings import ConnectionSurroundings
from rosey.platform import Connector, Entry, PlatformError, Verdict
from temporal.client import connect
from temporal.worker import make_worker
from tests.activities.connection.stage import CONNECTION, Stage
from tests.servers import NatsServer, until
from tests.temporal_servers import shared_dev_server
from workflows.connection import workflow as workflow_module
from workflows.connection.models import ConnectionState
from workflows.connection.workflow import Connection

HOME = f"home-{uuid.uuid4().hex}"


class House:
    """A workflow, and processes that come and go."""

    def __init__(self, stage: Stage, client: Client, bus: Bus | None = None) -> None:
        self.stage = stage
        self.client = client
        self.bus = bus or stage.bus
        self.shared = f"connection-{uuid.uuid4().hex}"
        self.joins = 0
        self.handle: WorkflowHandle[Any, Any]

    def connector(self) -> Connector:
        house = self

        class Counting(FakeConnector):
            async def connect(self) -> Entry:
                entry = await super().connect()
                house.joins += 1
                return entry

        return self.stage.connector(Counting)

    def desk(self, queue: str) -> ConnectionActivities:
        return ConnectionActivities(
            ConnectionSurroundings(
                bus=self.bus,
                connection=CONNECTION,
                channel=self.stage.channel,
                queue=queue,
                connector=self.connector,
                spool=self.stage.spool / queue,
            )
        )

    @asynccontextmanager
    async def process(self, queue: str = HOME) -> AsyncIterator[ConnectionActivities]:
        """As core.connection_host runs it."""
        desk = self.desk(queue)
        await desk.open()
        shared = make_worker(self.client, self.shared, [Connection], desk.shared)
        own = make_worker(self.client, queue, [], desk.own)
        try:
            async with shared, own:
                yield desk
        finally:
            await desk.close()

    async def start(self) -> None:
        self.handle = await self.client.start_workflow(
            "Connection",
            id=f"connection:{CONNECTION}",
            task_queue=self.shared,
        )

    async def state(self) -> ConnectionState:
        state: ConnectionState = await self.handle.query("state", result_type=ConnectionState)
        return state

    async def until_connected(self, connected: bool = True) -> ConnectionState:
        while (state := await self.state()).connected is not connected:
            await asyncio.sleep(0.02)
        return state

    async def until_joined(self, times: int) -> None:
        await until(lambda: self.joins >= times, what=f"{times} joins, not {self.joins}")


@pytest.fixture(scope="module")
def temporal_address() -> Any:
    with shared_dev_server() as address:
        yield address


@pytest.fixture
async def house(stage: Stage, temporal_address: str) -> AsyncIterator[House]:
    house = House(stage, await connect(temporal_address))
    await house.start()
    yield house
    await house.handle.terminate()


@pytest.fixture
def delays(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many failures in a row each delay was for."""
    asked: list[int] = []

    def platform_delay(failures: int) -> float:
        asked.append(failures)
        return 0.05

    monkeypatch.setattr(module, "platform_delay", platform_delay)
    return asked


# -- joining and leaving -------------------------------------------------------------------


async def test_the_room_is_joined_and_its_state_is_told(house: House, stage: Stage) -> None:
    stage.room.join("bob", 2.0)
    async with house.process() as desk:
        await asyncio.wait_for(desk.arrived(), 10)
        state = await house.until_connected()
        names = {user["name"] for user in state.room.users}
        assert names == {"bob", "Rosey"}
        assert state.since is not None
        assert house.joins == 1


async def test_changes_of_the_room_are_told_too(
    house: House, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "OBSERVE_EVERY", 0.05)
    monkeypatch.setattr(module, "BEAT_EVERY", 0.05)
    async with house.process():
        await house.until_connected()
        stage.room.join("bob")
        while len((await house.state()).room.users) < 2:
            await asyncio.sleep(0.02)


async def test_leaving_and_coming_again_by_hand(house: House, stage: Stage) -> None:
    async with house.process():
        await house.until_connected()
        await house.handle.execute_update("disconnect")
        await until(lambda: not stage.room.people)
        assert not (await house.until_connected(False)).wanted
        await house.handle.execute_update("connect")
        await house.until_joined(2)
        await house.until_connected()
    assert stage.losses == []


async def test_a_wish_from_before_the_leave_is_void(stage: Stage, temporal_address: str) -> None:
    """It may have been under way to the worker when somebody said `disconnect`."""
    house = House(stage, await connect(temporal_address))
    desk = house.desk(HOME)
    environment = ActivityEnvironment(client=house.client)
    await environment.run(desk.leave, Leave(turn=3))
    await environment.run(desk.hold, Hold(connection=CONNECTION, turn=3))
    assert house.joins == 0


# -- a process ends, another goes on -------------------------------------------------------


async def test_a_process_that_ends_leaves_and_the_next_takes_over(
    house: House, stage: Stage
) -> None:
    async with house.process():
        await house.until_connected()
        action = await stage.act("one")
        await stage.until_done()
    assert not stage.room.people
    started = asyncio.get_running_loop().time()
    async with house.process():
        await house.until_joined(2)
        assert asyncio.get_running_loop().time() - started < 2
        await stage.act("two")
        await stage.until_done()
    assert stage.said == ["one", "two"]
    assert (await stage.sent())[0].action_id == action.id


async def test_a_new_run_keeps_the_living_session(
    house: House, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workflow_module, "RENEW_AT", 20)
    async with house.process():
        await house.until_connected()
        run = (await house.handle.describe()).run_id
        while (await house.handle.describe()).run_id == run:
            await house.handle.execute_update("connect")
        await stage.act("still here")
        await stage.until_done()
        assert (await house.state()).connected
        assert house.joins == 1
    assert not stage.losses


async def test_being_moved_to_another_process_ends_the_first_quietly(
    house: House, stage: Stage, nats: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its seat is taken by our own successor, which is no stranger."""
    monkeypatch.setattr(module, "OFFER_EVERY", 60)
    bus = await Bus.connect(nats.url, "other")
    other = House(stage, house.client, bus)
    async with house.process("first") as first:
        await house.until_connected()
        await house.handle.terminate()
        async with other.process("second"):
            await other.start()
            house.handle = other.handle
            await other.until_connected()
            assert first._running
            await until(first._running.done)
            await stage.act("hello")
            await stage.until_done()
            state = await other.state()
            assert (state.wanted, state.connected, state.stopped) == (True, True, "")
    assert stage.said == ["hello"]
    assert (house.joins, other.joins) == (1, 1)
    await bus.drain()


# -- the platform fails --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "seconds"), [(0, 5), (1, 10), (2, 20), (3, 40), (4, 60), (40, 60)]
)
async def test_each_failure_waits_longer(
    stage: Stage, temporal_address: str, before: int, seconds: float
) -> None:
    """The count travels in the heartbeats."""
    stage.room.closed = PlatformError("closed for cleaning")
    house = House(stage, await connect(temporal_address))
    environment = ActivityEnvironment(client=house.client)
    details = [Progress(failures=before).model_dump()]
    environment.info = dataclasses.replace(environment.info, heartbeat_details=details)
    beats: list[Progress] = []
    environment.on_heartbeat = beats.append
    with pytest.raises(ApplicationError, match="closed for cleaning") as failure:
        await environment.run(house.desk(HOME).hold, Hold(connection=CONNECTION, turn=1))
    assert failure.value.next_retry_delay == timedelta(seconds=seconds)
    assert beats[-1].failures == before + 1


async def test_failures_in_a_row_are_counted(house: House, stage: Stage, delays: list[int]) -> None:
    stage.room.closed = PlatformError("closed for cleaning")
    async with house.process() as desk:
        await asyncio.wait_for(desk.arrived(), 10)
        await until(lambda: len(delays) >= 3)
        state = await house.state()
        assert state.last_error == "closed for cleaning"
        assert state.failures > 0
        stage.room.closed = None
        await house.until_connected()
        assert delays == list(range(1, len(delays) + 1))


async def test_a_connection_that_lasted_begins_the_count_anew(
    house: House, stage: Stage, delays: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LASTED", timedelta(seconds=1))
    stage.room.closed = PlatformError("closed for cleaning")
    async with house.process():
        await until(lambda: len(delays) >= 2)
        stage.room.closed = None
        await house.until_connected()
        count = len(delays)
        stage.room.drop()
        await house.until_joined(2)
        assert delays[count:] == [count + 1]
        connected = datetime.now(UTC)
        await until(lambda: datetime.now(UTC) - connected > timedelta(seconds=1.2))
        stage.room.drop()
        await house.until_joined(3)
        assert delays[count + 1 :] == [1]


async def test_the_count_begins_anew_though_the_process_ended_meanwhile(
    house: House, stage: Stage, delays: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LASTED", timedelta(seconds=0.5))
    monkeypatch.setattr(module, "BEAT_EVERY", 0.1)
    stage.room.closed = PlatformError("closed for cleaning")
    async with house.process():
        await until(lambda: len(delays) >= 2)
        stage.room.closed = None
        await house.until_connected()
        connected = datetime.now(UTC)
        await until(lambda: datetime.now(UTC) - connected > timedelta(seconds=0.8))
    count = len(delays)
    async with house.process():
        await house.until_joined(2)
        stage.room.drop()
        await house.until_joined(3)
    assert delays[count:] == [1]


@pytest.mark.parametrize("verdict", [Verdict.STOP, Verdict.ELSEWHERE])
async def test_who_is_not_wanted_stays_away(house: House, stage: Stage, verdict: Verdict) -> None:
    async with house.process():
        await house.until_connected()
        stage.room.kick("Rosey", "Go away", verdict)
        state = await house.until_connected(False)
        assert not state.wanted
        assert state.stopped == "Kicked from the fake room: Go away"
        assert house.joins == 1
        await house.handle.signal("connect")
        await house.until_joined(2)


async def test_a_bug_of_the_session_is_logged_and_tried_again(
    house: House, stage: Stage, delays: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(FakeConnector):
        broken = True

        async def connect(self) -> Entry:
            if Broken.broken:
                Broken.broken = False
                raise KeyError("oops")
            return await super().connect()

    house.connector = lambda: stage.connector(Broken)  # type: ignore[method-assign]
    async with house.process():
        await house.until_connected()
    assert delays == [1]
    assert "the session failed" in caplog.text
    assert "oops" in caplog.text


async def test_the_room_matters_more_than_its_picture(
    stage: Stage, temporal_address: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A workflow that cannot be told does not end the session."""
    caplog.set_level("INFO")
    house = House(stage, await connect(temporal_address))
    desk = house.desk(HOME)
    environment = ActivityEnvironment(client=house.client)
    holding = asyncio.create_task(environment.run(desk.hold, Hold(connection=CONNECTION, turn=1)))
    await until(lambda: "did not take the room's state" in caplog.text)
    assert house.joins == 1
    await desk.close()
    await asyncio.wait_for(holding, 10)


# -- claiming ------------------------------------------------------------------------------


async def test_without_an_offer_nobody_is_found(
    stage: Stage, temporal_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "OFFER_EVERY", 0.05)
    house = House(stage, await connect(temporal_address))
    desk = house.desk(HOME)
    environment = ActivityEnvironment(client=house.client)
    with pytest.raises(ApplicationError, match="no process offers"):
        await environment.run(desk.claim, CONNECTION)
    await _offer(stage, datetime.now(UTC) - timedelta(hours=1))
    with pytest.raises(ApplicationError, match="no process offers"):
        await environment.run(desk.claim, CONNECTION)
    await _offer(stage, datetime.now(UTC))
    assert (await environment.run(desk.claim, CONNECTION)).queue == "somewhere"


async def test_an_offer_by_a_wrong_clock_counts_while_it_is_renewed(
    stage: Stage, temporal_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "OFFER_EVERY", 0.2)
    house = House(stage, await connect(temporal_address))
    environment = ActivityEnvironment(client=house.client)
    await _offer(stage, datetime.now(UTC) + timedelta(hours=1))
    claiming = asyncio.create_task(environment.run(house.desk(HOME).claim, CONNECTION))
    await asyncio.wait([claiming], timeout=0.05)
    await _offer(stage, datetime.now(UTC) + timedelta(hours=1, seconds=1))
    assert (await claiming).queue == "somewhere"


async def test_offers_go_on_after_an_outage(
    stage: Stage, nats: NatsServer, monkeypatch: pytest.MonkeyPatch, temporal_address: str
) -> None:
    monkeypatch.setattr(module, "OFFER_EVERY", 0.05)
    house = House(stage, await connect(temporal_address))
    desk = house.desk(HOME)
    await desk.open()
    nats.kill()
    await until(lambda: not stage.bus.is_connected)
    nats.start()
    back = datetime.now(UTC)
    bucket = stage.bus.bucket(subjects.CONNECTIONS_BUCKET)

    async def renewed() -> None:
        while Offer.model_validate_json(await bucket.get(f"{CONNECTION}.offer") or b"").at < back:
            await asyncio.sleep(0.02)

    await asyncio.wait_for(renewed(), 15)
    await desk.close()


async def _offer(stage: Stage, at: datetime) -> None:
    bucket = stage.bus.bucket(subjects.CONNECTIONS_BUCKET)
    offer = Offer(queue="somewhere", at=at)
    await bucket.put(f"{CONNECTION}.offer", offer.model_dump_json().encode())
