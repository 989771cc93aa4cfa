"""People at the controls: the real `temporal` program, and the calls that `tctl` makes."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.common.v1 import Payload, Payloads, WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.update.v1 import Input, Meta, Request
from temporalio.api.workflowservice.v1 import (
    SignalWorkflowExecutionRequest,
    UpdateWorkflowExecutionRequest,
)
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError

from temporal.client import connect
from temporal.worker import make_worker
from tests.servers import binary, environment, until
from tests.workflows.connection.desk import Desk
from workflows.connection.models import ConnectionState
from workflows.connection.workflow import Connection

JSON = {"encoding": b"json/plain"}
SOUND = Payload(metadata=JSON, data=b'{"user": "zoe"}')
HOSTILE: dict[str, list[Payload]] = {
    "nothing": [],
    "two": [SOUND, SOUND],
    "null": [Payload(metadata={"encoding": b"binary/null"})],
    "binary": [Payload(metadata={"encoding": b"binary/plain"}, data=b"\x00\xff\xfe")],
    "no encoding": [Payload(data=b"{}")],
    "unknown encoding": [Payload(metadata={"encoding": b"rot13"}, data=b"{}")],
    "broken": [Payload(metadata=JSON, data=b'{"user": ')],
    "a list": [Payload(metadata=JSON, data=b"[[1]]")],
    "wrong types": [Payload(metadata=JSON, data=b'{"user": 5, "connected": "x", "room": 7}')],
    "too much": [Payload(metadata=JSON, data=json.dumps({"user": "x" * 900_000}).encode())],
}


class Controls:
    """A connection with a desk, and the program at hand."""

    def __init__(self, address: str, client: Client, home: Path) -> None:
        self.address = address
        self.client = client
        self.home = home
        self.queue = f"connection-{uuid.uuid4().hex[:8]}"
        self.id = f"connection:{uuid.uuid4().hex[:8]}"
        self.desk = Desk(f"{self.queue}-home")

    @property
    def handle(self) -> WorkflowHandle[Any, Any]:
        return self.client.get_workflow_handle(self.id)

    async def program(self, *words: str) -> Any:
        """`temporal workflow WORDS`, which must succeed; what it printed, read."""
        process = await asyncio.create_subprocess_exec(
            *(binary("temporal"), "workflow", *words, "--workflow-id", self.id),
            *("--address", self.address, "-o", "json"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment(HOME=str(self.home)),
        )
        out, problem = await asyncio.wait_for(process.communicate(), 20)
        assert process.returncode == 0, (out or problem).decode()
        return json.loads(out) if out.strip() else None

    async def state(self) -> ConnectionState:
        state: ConnectionState = await self.handle.query("state", result_type=ConnectionState)
        return state

    async def signal(self, name: str, payloads: Sequence[Payload]) -> None:
        """As tctl would: one payload for each input, none without input."""
        await self.client.workflow_service.signal_workflow_execution(
            SignalWorkflowExecutionRequest(
                namespace="default",
                workflow_execution=WorkflowExecution(workflow_id=self.id),
                signal_name=name,
                input=Payloads(payloads=payloads) if payloads else None,
            )
        )

    async def update(self, name: str, payloads: Sequence[Payload]) -> None:
        """Whatever comes of it."""
        request = UpdateWorkflowExecutionRequest(
            namespace="default",
            workflow_execution=WorkflowExecution(workflow_id=self.id),
            request=Request(
                meta=Meta(update_id=uuid.uuid4().hex),
                input=Input(name=name, args=Payloads(payloads=payloads)),
            ),
        )
        request.wait_policy.lifecycle_stage = 3  # type: ignore[assignment]  # completed
        await asyncio.wait_for(
            self.client.workflow_service.update_workflow_execution(request, retry=True), timeout=5
        )

    async def until_held(self, times: int = 1) -> None:
        await until(lambda: len(self.desk.holds) >= times and self.desk.holding >= 1, what="held")

    async def unhurt(self) -> None:
        """No task of the workflow has failed."""
        past = await self.handle.fetch_history()
        kinds = {EventType.Name(event.event_type) for event in past.events}
        assert not kinds & {
            "EVENT_TYPE_WORKFLOW_TASK_FAILED",
            "EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT",
        }


@pytest.fixture
async def controls(temporal_address: str, tmp_path: Path) -> AsyncIterator[Controls]:
    client = await connect(temporal_address)
    controls = Controls(temporal_address, client, tmp_path)
    shared = make_worker(client, controls.queue, [Connection], controls.desk.shared)
    own = make_worker(client, controls.desk.queues[0], [], controls.desk.own)
    async with shared, own:
        yield controls
        await controls.handle.terminate()


async def test_a_connection_by_hand(controls: Controls) -> None:
    """Started with no input, told to go and come by signals and updates, seen by a query."""
    await controls.program("start", "--type", "Connection", "--task-queue", controls.queue)
    await controls.until_held()
    [state] = (await controls.program("query", "--name", "state"))["queryResult"]
    assert (state["connection"], state["wanted"]) == (controls.id.partition(":")[2], True)
    await controls.program("signal", "--name", "disconnect", "--input", '{"user": "zoe"}')
    await until(lambda: len(controls.desk.leaves) == 1)
    answer = await controls.program("update", "execute", "--name", "connect")
    assert answer["result"]["wanted"] is True
    await controls.until_held(2)
    await controls.program("signal", "--name", "disconnect")
    await until(lambda: len(controls.desk.leaves) == 2)
    assert (await controls.state()).stopped == "asked to leave"
    await controls.unhurt()


async def test_what_the_web_page_shows(controls: Controls) -> None:
    await controls.program("start", "--type", "Connection", "--task-queue", controls.queue)
    await controls.until_held()
    [shown] = (await controls.program("metadata"))["queryResult"]
    assert shown["currentDetails"].startswith("**Connecting**")
    definition = shown["definition"]
    for kind, names in (
        ("signalDefinitions", {"connect", "disconnect", "observed"}),
        ("updateDefinitions", {"connect", "disconnect"}),
    ):
        described = {one["name"]: one["description"] for one in definition[kind]}
        assert set(described) == names
        assert all(described.values())
    queries = {one["name"]: one.get("description") for one in definition["queryDefinitions"]}
    assert queries["state"] == "People, ranks, permissions, what plays"


@pytest.mark.parametrize("name", ["connect", "observed", "nonsense"])
async def test_no_signal_can_hurt(controls: Controls, name: str) -> None:
    await controls.program("start", "--type", "Connection", "--task-queue", controls.queue)
    await controls.until_held()
    for kind, payloads in HOSTILE.items():
        await controls.signal(name, payloads)
        state = await controls.state()
        assert (state.wanted, state.connected, state.room.users) == (True, False, []), kind
    await controls.until_held()
    await controls.unhurt()


@pytest.mark.parametrize("name", ["connect", "disconnect", "observed", "nonsense"])
async def test_no_update_can_hurt(controls: Controls, name: str) -> None:
    await controls.program("start", "--type", "Connection", "--task-queue", controls.queue)
    await controls.until_held()
    for payloads in HOSTILE.values():
        with suppress(RPCError):
            await controls.update(name, payloads)
    await controls.update("connect", [SOUND])
    assert (await controls.state()).wanted
    await controls.unhurt()


@pytest.mark.parametrize("kind", HOSTILE)
async def test_a_wish_needs_no_words(controls: Controls, kind: str) -> None:
    """What cannot be read as one input is dropped."""
    await controls.program("start", "--type", "Connection", "--task-queue", controls.queue)
    await controls.until_held()
    await controls.signal("disconnect", HOSTILE[kind])
    state = await controls.state()
    assert state.wanted is (kind not in ("nothing", "null", "binary", "too much"))
    await controls.unhurt()
