"""Old histories against new code: what a change would break, before it meets an open room."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from google.protobuf.json_format import ParseError
from temporalio.client import Client, WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from temporal.interceptors import Shield

# Of open workflows: a room's is renewed long before it has so many events.
MOST_OPEN = 50
LONGEST = 1_000
# How the library words a failure: what happened, then what caused it.
MESSAGE = re.compile(r'message: "((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True)
class Problem:
    """A history that the code cannot repeat. `event` is the number of the first one in its way."""

    history: str
    workflow: str
    event: int
    reason: str

    def __str__(self) -> str:
        return f"{self.history}: {self.workflow} cannot repeat event {self.event}: {self.reason}"


async def replay(histories: Path, workflows: Sequence[type]) -> list[Problem]:
    """What `workflows` cannot repeat of the histories in the folder; empty when all is well.

    Each is a `*.json` with what `temporal workflow show -o json` prints.
    """
    found = [await _replay_file(path, workflows) for path in sorted(histories.glob("*.json"))]
    return [problem for problem in found if problem]


async def check(name: str, history: WorkflowHistory, workflows: Sequence[type]) -> Problem | None:
    """What is wrong with one history, which `name` tells from others; None when nothing is."""
    started = history.events[0].workflow_execution_started_event_attributes
    kind = started.workflow_type.name
    replayer = Replayer(
        workflows=workflows,
        data_converter=pydantic_data_converter,
        interceptors=[Shield()],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    failure = await _failure(replayer, history, len(history.events))
    if failure is None:
        return None
    # The shortest beginning that fails ends with the event that is in the way.
    good, bad = 0, len(history.events)
    while bad - good > 1:
        middle = (good + bad) // 2
        if await _failure(replayer, history, middle):
            bad = middle
        else:
            good = middle
    return Problem(name, kind, history.events[bad - 1].event_id, _reason(failure))


async def check_open(
    client: Client,
    task_queue: str,
    workflows: Sequence[type],
    most: int = MOST_OPEN,
    longest: int = LONGEST,
) -> tuple[int, list[Problem]]:
    """How many open workflows of a task queue were tried, and what `workflows` cannot repeat.

    The newest `most` of them, each with at most its first `longest` events. Raises RPCError when
    the server does not say.
    """
    open_ones = f"TaskQueue = '{task_queue}' AND ExecutionStatus = 'Running'"
    tried, found = 0, []
    async for each in client.list_workflows(open_ones, limit=most):
        handle = client.get_workflow_handle(each.id, run_id=each.run_id)
        events = []
        async for event in handle.fetch_history_events():
            events.append(event)
            if len(events) == longest:
                break
        tried += 1
        if problem := await check(each.id, WorkflowHistory(each.id, events), workflows):
            found.append(problem)
    return tried, found


async def _replay_file(path: Path, workflows: Sequence[type]) -> Problem | None:
    try:
        history = WorkflowHistory.from_json(path.stem, path.read_text(encoding="utf-8"))
    except (ValueError, ParseError) as problem:
        return Problem(path.stem, "unknown", 0, f"is no history: {problem}")
    if not history.events:
        return Problem(path.stem, "unknown", 0, "is no history: it has no events")
    return await check(path.stem, history, workflows)


async def _failure(replayer: Replayer, history: WorkflowHistory, length: int) -> Exception | None:
    if length < 2:
        return None  # nothing to repeat yet, and the library would wait for more for ever
    started = history.events[0].workflow_execution_started_event_attributes
    part = WorkflowHistory(started.workflow_id or history.workflow_id, history.events[:length])
    result = await replayer.replay_workflow(part, raise_on_replay_failure=False)
    return result.replay_failure


def _reason(failure: Exception) -> str:
    said = [text.partition("] ")[2] or text for text in MESSAGE.findall(str(failure))]
    return ": ".join(said).replace('\\"', '"') or str(failure)
