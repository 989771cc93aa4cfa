"""A workflow's runs as they are kept in temporal/histories."""

import json
from typing import Any

from temporalio.client import Client


async def runs_of(client: Client, workflow_id: str) -> list[str]:
    """The histories as JSON with an event a line, oldest first, without the recorder's machine."""
    found: list[str] = []
    run = (await client.get_workflow_handle(workflow_id).describe()).run_id
    while run:
        history = await client.get_workflow_handle(workflow_id, run_id=run).fetch_history()
        events = _without_traces(json.loads(history.to_json())["events"])
        lines = ",\n".join(json.dumps(event, ensure_ascii=False) for event in events)
        found.insert(0, f'{{"events": [\n{lines}\n]}}\n'.replace(client.identity, "recorder"))
        started = history.events[0].workflow_execution_started_event_attributes
        run = started.continued_execution_run_id
    return found


def _without_traces(part: Any) -> Any:
    """What was on the stack of a failure, and where, is nobody's business."""
    if isinstance(part, dict):
        return {key: _without_traces(each) for key, each in part.items() if key != "stackTrace"}
    return [_without_traces(each) for each in part] if isinstance(part, list) else part
