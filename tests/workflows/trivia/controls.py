"""A room with people at the controls of its workflow."""

import asyncio
import json
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from temporalio.api.common.v1 import Payload, Payloads, WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.query.v1 import WorkflowQuery
from temporalio.api.update.v1 import Input, Meta, Request
from temporalio.api.workflowservice.v1 import (
    QueryWorkflowRequest,
    SignalWorkflowExecutionRequest,
    UpdateWorkflowExecutionRequest,
)
from temporalio.client import WorkflowHandle

from rosey.events import Command, Outcome, User
from temporal.mailbox import Mailboxes
from tests.servers import binary, environment, until
from tests.workflows.trivia.room import SilentRoom
from workflows.trivia.models import TriviaState

QUICK = {"lead_in": 0, "between": 0, "grace": 1}


class Controls:
    """A room with its worker, the program at hand, and the plugin's own mailbox."""

    def __init__(self, address: str, client: Any, room: SilentRoom, home: Path) -> None:
        self.address = address
        self.client = client
        self.room = room
        self.home = home
        self.channel = f"lounge/{uuid.uuid4().hex[:12]}"
        self.id = f"trivia:{self.channel}"
        self.boxes = Mailboxes(client, "trivia")
        self.commands = 0
        self.first = ""

    @property
    def handle(self) -> WorkflowHandle[Any, Any]:
        handle: WorkflowHandle[Any, Any] = self.client.get_workflow_handle(self.id)
        return handle

    async def program(self, *words: str) -> tuple[int, str]:
        """`temporal workflow WORDS`: how it ended and what it printed."""
        process = await asyncio.create_subprocess_exec(
            *(binary("temporal"), "workflow", *words, "--address", self.address, "-o", "json"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment(HOME=str(self.home)),
        )
        out, problem = await asyncio.wait_for(process.communicate(), 20)
        assert process.returncode is not None
        return process.returncode, (out or problem).decode()

    async def workflow(self, *words: str, name: str = "", input: object = None) -> Any:
        """The same for this room's workflow, which must succeed; what it printed, read."""
        named = ["--name", name] if name else []
        given = ["--input", json.dumps(input)] if input is not None else []
        code, printed = await self.program(*words, *named, *given, "--workflow-id", self.id)
        assert code == 0, printed
        return json.loads(printed) if printed.strip() else None

    async def command(self, action: str, **fields: Any) -> Outcome:
        """A command of the room, as the plugin would hand it over."""
        self.commands += 1
        sound: dict[str, Any] = {
            "id": f"c-{self.commands}",
            "plugin": "trivia",
            "action": action,
            "channel": self.channel,
            "user": User(name="bob", rank=1.0),
            "sent_at": datetime.now(UTC),
            "seq": self.commands,
        }
        command = Command(**(sound | fields))
        return await asyncio.wait_for(self.boxes.deliver("Trivia", command, dict(QUICK)), 5)

    async def until_asked(self) -> None:
        await until(lambda: bool(self.room.shown))
        while (await self.state()).phase != "open":  # the activity's end is under way
            await asyncio.sleep(0.01)

    async def state(self) -> TriviaState:
        state: TriviaState = await self.handle.query("state", result_type=TriviaState)
        return state

    # -- as tctl would: one payload for each input, none without input ---------------------

    async def signal(self, name: str, payloads: Sequence[Payload]) -> None:
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

    async def query(self, name: str, payloads: Sequence[Payload]) -> None:
        await self.client.workflow_service.query_workflow(
            QueryWorkflowRequest(
                namespace="default",
                execution=WorkflowExecution(workflow_id=self.id),
                query=WorkflowQuery(query_type=name, query_args=Payloads(payloads=payloads)),
            )
        )

    async def until_history_has(self, kind: str) -> None:
        while True:
            history = await self.handle.fetch_history()
            if any(EventType.Name(event.event_type) == kind for event in history.events):
                return
            await asyncio.sleep(0.05)

    async def unhurt(self) -> None:
        """No task of the workflow has ever failed, in this run or in those before."""
        run = (await self.handle.describe()).run_id
        while run:
            past = await self.client.get_workflow_handle(self.id, run_id=run).fetch_history()
            kinds = {EventType.Name(event.event_type) for event in past.events}
            assert not kinds & {
                "EVENT_TYPE_WORKFLOW_TASK_FAILED",
                "EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT",
            }
            started = past.events[0].workflow_execution_started_event_attributes
            run = started.continued_execution_run_id
        self.first = started.first_execution_run_id
