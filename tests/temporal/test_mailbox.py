"""The mailbox on the real server: everything once, in order, whatever dies or renews itself."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.client import Client, WorkflowHandle

from rosey.durable import base
from rosey.events import Command, Outcome, User
from temporal import mailbox
from temporal.client import connect
from temporal.mailbox import Mailboxes, Undeliverable
from temporal.worker import make_worker
from tests.servers import until
from tests.temporal.counter import Broken, Counted, Counter, Deaf, Odd

WORKFLOWS = [Counter, Broken, Deaf, Odd]


class Room:
    """A plugin of its own with a channel of its own, so that tests do not meet."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.plugin = f"plugin{uuid.uuid4().hex[:12]}"
        self.channel = f"lounge/{self.plugin}"
        self.boxes = Mailboxes(client, self.plugin)

    def command(self, number: int, **fields: Any) -> Command:
        sound: dict[str, Any] = {
            "id": f"c-{number}",
            "plugin": self.plugin,
            "action": "count",
            "channel": self.channel,
            "user": User(name="bob"),
            "sent_at": datetime.now(UTC),
            "seq": number,
        }
        return Command(**(sound | fields))

    async def deliver(self, number: int, workflow: str = "Counter", **fields: Any) -> Outcome:
        return await self.boxes.deliver(workflow, self.command(number, **fields))

    def handle(self, workflow: str = "counter") -> WorkflowHandle[Any, Any]:
        return self.client.get_workflow_handle(f"{workflow}:{self.channel}")

    async def state(self) -> Counted:
        state: Counted = await self.handle().query("state", result_type=Counted)
        return state

    async def quiet(self) -> None:
        """Until the next order goes at once."""
        await until(lambda: not self.boxes._boxes, what="a quiet mailbox")

    async def events(self) -> int:
        return (await self.handle().describe()).history_length


@pytest.fixture
async def idle(client: Client) -> AsyncIterator[Room]:
    """A room whose worker does not run."""
    room = Room(client)
    yield room
    await room.boxes.close()


@pytest.fixture
async def room(idle: Room) -> AsyncIterator[Room]:
    async with make_worker(idle.client, idle.plugin, WORKFLOWS):
        yield idle


async def test_a_workflow_that_is_not_there_is_started_and_can_be_found(room: Room) -> None:
    assert (await room.deliver(1)).say == ["1"]
    described = await room.handle().describe()
    found = {
        pair.key.name: pair.value
        for pair in described.typed_search_attributes
        if pair.key.name.startswith("Rosey")
    }
    assert found == {
        "RoseyPlugin": room.plugin,
        "RoseyChannel": room.channel,
        "RoseyUser": "bob",
    }
    assert await described.static_summary() == f"Counter in {room.channel}"


async def test_one_that_has_closed_is_started_again(room: Room) -> None:
    await room.deliver(1)
    first = (await room.handle().describe()).run_id
    await room.deliver(2, action="close")
    await room.handle().result()
    assert (await room.deliver(3)).say == ["1"]
    assert (await room.handle().describe()).run_id != first


async def test_a_lone_command_costs_five_events(room: Room) -> None:
    await room.deliver(0)
    before = await room.events()
    for number in range(1, 6):
        await room.deliver(number)
    assert await room.events() - before <= 5 * 5


async def test_a_burst_is_taken_whole_in_order_and_cheaply(room: Room) -> None:
    await room.deliver(0)
    await room.quiet()
    before = await room.events()
    first = asyncio.create_task(room.deliver(1000))
    await asyncio.sleep(0)  # it is under way, and what comes now waits for it
    burst = await asyncio.gather(*(room.deliver(number) for number in range(40, 0, -1)))
    assert (await first).say == ["2"]
    assert [outcome.say for outcome in burst] == [[str(number + 2)] for number in range(40, 0, -1)]
    taken = (await room.state()).taken
    assert taken == ["c-0", "c-1000", *(f"c-{number}" for number in range(1, 41))]
    assert await room.events() - before <= 0.5 * 40


async def test_answers_that_trickle_in_go_together(room: Room) -> None:
    """People answer within a tenth of a second, not all at once."""
    await room.deliver(0)
    await room.quiet()
    before = await room.events()
    answers = []
    for number in range(1, 41):
        answers.append(asyncio.create_task(room.deliver(number)))
        await asyncio.sleep(0.0025)
    outcomes = await asyncio.gather(*answers)
    assert [outcome.say for outcome in outcomes] == [[str(number + 1)] for number in range(1, 41)]
    assert await room.events() - before <= 0.5 * 40


async def test_a_command_that_comes_again_is_done_once(room: Room) -> None:
    first = await room.deliver(1)
    silent = await room.deliver(2, action="hush")
    again = await room.deliver(1)
    twice = await asyncio.gather(room.deliver(3), room.deliver(3), room.deliver(1))
    assert again == first
    assert silent == await room.deliver(2, action="hush") == Outcome()
    assert [outcome.say for outcome in twice] == [["3"], ["3"], ["1"]]
    assert (await room.state()).taken == ["c-1", "c-2", "c-3"]


async def test_one_failing_command_costs_only_its_own_answer(room: Room) -> None:
    await room.deliver(0)
    fine, failed, also = await asyncio.gather(
        room.deliver(1), room.deliver(2, action="fail"), room.deliver(3)
    )
    assert (fine.say, also.say) == (["2"], ["3"])
    assert failed.error == "fail failed inside Counter (id c-2); the log of its process says why."
    assert await room.deliver(2, action="fail") == failed


async def test_a_stale_command_is_refused(room: Room) -> None:
    old = datetime.now(UTC) - timedelta(minutes=15, seconds=5)
    refused = await room.deliver(1, sent_at=old)
    assert refused.error == "That came too late: it was said more than 15 minutes ago."
    assert (await room.deliver(2, sent_at=old + timedelta(seconds=30))).say == ["1"]


async def test_commands_wait_for_a_worker_that_is_dead(
    idle: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox, "RPC_TIMEOUT", timedelta(seconds=0.3))
    tries: list[str] = []
    send = idle.boxes._send

    async def counted(workflow_id: str, box: Any, orders: Any, batch_id: str) -> list[Outcome]:
        tries.append(batch_id)
        return await send(workflow_id, box, orders, batch_id)

    monkeypatch.setattr(idle.boxes, "_send", counted)
    first = asyncio.create_task(idle.deliver(1))
    await until(lambda: len(tries) >= 3)
    second = asyncio.create_task(idle.deliver(2))
    assert not first.done()
    async with make_worker(idle.client, idle.plugin, WORKFLOWS):
        assert (await first).say == ["1"]
        assert (await second).say == ["2"]
        assert (await idle.state()).taken == ["c-1", "c-2"]
    assert len(set(tries)) == 2


async def test_nothing_is_lost_or_doubled_while_the_workflow_renews_itself(
    room: Room, temporal_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "RENEW_WHEN_QUIET", 60)
    boxes = [Mailboxes(await connect(temporal_address), room.plugin) for _ in range(4)]

    async def client(number: int, box: Mailboxes) -> None:
        for step in range(30):
            command = room.command(number * 100 + step)
            outcome = await box.deliver("Counter", command)
            assert outcome.say, outcome
            if step % 5 == 4:  # what is delivered again, perhaps to another run, is known
                assert await boxes[(number + 1) % 4].deliver("Counter", command) == outcome

    await asyncio.gather(*(client(number, box) for number, box in enumerate(boxes)))
    state = await room.state()
    assert sorted(state.taken) == sorted(f"c-{n * 100 + s}" for n in range(4) for s in range(30))
    assert state.runs >= 4


async def test_a_broken_workflow_is_undeliverable_and_others_go_on(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox, "RPC_TIMEOUT", timedelta(seconds=0.3))
    monkeypatch.setattr(mailbox, "KEEP_FOR", timedelta(seconds=1))
    broken = asyncio.create_task(room.deliver(1, workflow="Broken"))
    for number in range(2, 7):
        assert (await room.deliver(number)).say == [str(number - 1)]
    assert not broken.done()
    with pytest.raises(Undeliverable, match=rf"broken:{room.channel} did not take it"):
        await broken


async def test_one_that_knows_no_orders_says_so_at_once(room: Room) -> None:
    with pytest.raises(Undeliverable, match="deliver"):
        await room.deliver(1, workflow="Deaf")
    assert (await room.deliver(2)).say == ["1"]


async def test_an_answer_that_makes_no_sense_reaches_everybody_who_waits(room: Room) -> None:
    waiting = [asyncio.create_task(room.deliver(number, workflow="Odd")) for number in range(3)]
    for task in waiting:
        await asyncio.wait([task], timeout=10)
        assert task.done()
        with pytest.raises(Undeliverable, match=r"answered \d of \d$"):
            await task


async def test_a_name_the_server_cannot_take_is_undeliverable_at_once(room: Room) -> None:
    with pytest.raises(Undeliverable):
        await room.deliver(1, channel="lounge/" + "x" * 2000)


async def test_a_long_name_of_a_person_hinders_nothing(room: Room) -> None:
    assert (await room.deliver(1, user=User(name="é" * 5000))).say == ["1"]


async def test_closing_gives_up_what_is_under_way(idle: Room) -> None:
    under_way = asyncio.create_task(idle.deliver(1))
    await until(lambda: bool(idle.boxes._boxes))
    assert not under_way.done()
    waiting = asyncio.create_task(idle.deliver(2))
    await asyncio.sleep(0)
    await asyncio.wait_for(idle.boxes.close(), 2.0)
    for task in (under_way, waiting):
        with pytest.raises(asyncio.CancelledError):
            await task
    async with make_worker(idle.client, idle.plugin, WORKFLOWS):
        assert (await idle.deliver(3)).say  # the box is good for more


async def test_who_no_longer_waits_costs_the_others_nothing(room: Room) -> None:
    await room.deliver(0)
    first, gone, other = (asyncio.create_task(room.deliver(number)) for number in (1, 2, 3))
    await asyncio.sleep(0)  # the first is under way, the others wait for it
    gone.cancel()
    assert (await first).say
    assert (await other).say
    with pytest.raises(asyncio.CancelledError):
        await gone


async def test_a_server_without_our_search_attributes(client: Client) -> None:
    bare = await _bare_namespace(client)
    room = Room(bare)
    async with make_worker(bare, room.plugin, WORKFLOWS):
        assert (await room.deliver(1)).say == ["1"]
        await room.deliver(2, action="close")
        await room.handle().result()
        assert (await room.deliver(3)).say == ["1"]
    await room.boxes.close()


async def _bare_namespace(client: Client) -> Client:
    """A namespace in which nobody has created anything."""
    from google.protobuf.duration_pb2 import Duration
    from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
    from temporalio.contrib.pydantic import pydantic_data_converter
    from temporalio.service import RPCError

    retention = Duration()
    retention.FromTimedelta(timedelta(days=1))
    name = f"bare-{uuid.uuid4().hex[:8]}"
    await client.workflow_service.register_namespace(
        RegisterNamespaceRequest(namespace=name, workflow_execution_retention_period=retention)
    )
    bare = await Client.connect(
        client.service_client.config.target_host,
        namespace=name,
        data_converter=pydantic_data_converter,
    )
    for _ in range(200):  # the server needs a moment to know its own namespace
        try:
            await bare.count_workflows()
        except RPCError:
            await asyncio.sleep(0.05)
            continue
        return bare
    raise AssertionError("the namespace did not come up")


async def test_a_workflow_can_be_asked(room: Room) -> None:
    assert await room.boxes.ask("Counter", "state", room.command(1), Counted) is None
    await room.deliver(1)
    before = await room.events()
    found = await room.boxes.ask("Counter", "state", room.command(2), Counted)
    assert found
    assert found.taken == ["c-1"]
    assert await room.events() == before, "who only looks leaves nothing behind"


async def test_a_question_that_fails_is_no_answer(room: Room) -> None:
    await room.deliver(1)
    with pytest.raises(Undeliverable, match="could not answer"):
        await room.boxes.ask("Counter", "state", room.command(2, action="fail"), Counted)
    with pytest.raises(Undeliverable, match="could not answer"):
        await room.boxes.ask("Counter", "nonsense", room.command(3), Counted)


async def test_nobody_waits_long_for_an_answer(idle: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox, "ASK_PATIENCE", timedelta(0))
    monkeypatch.setattr(mailbox, "RPC_TIMEOUT", timedelta(seconds=0.5))
    await idle.client.start_workflow(
        "Counter", id=f"counter:{idle.channel}", task_queue=idle.plugin
    )
    with pytest.raises(Undeliverable, match="does not answer"):
        await idle.boxes.ask("Counter", "state", idle.command(1), Counted)
