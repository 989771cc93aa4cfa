"""Workers as Rosey wants them: quick to take over, gentle at the end."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from temporal.interceptors import Shield

# A process that died keeps its cached workflows' tasks for this long; the default is 10 s.
STICKY = timedelta(seconds=1)
GRACE = timedelta(seconds=1)
# How long a heartbeat may be held back, and with it the word of a cancellation.
HEARTBEATS = timedelta(seconds=1)
CACHED = 5_000


def sandboxed_runner() -> WorkflowRunner:
    """Watches for what would make a replay differ: for tests; costs time and memory."""
    return SandboxedWorkflowRunner(
        restrictions=SandboxRestrictions.default.with_passthrough_modules("rosey")
    )


def make_worker(
    client: Client,
    task_queue: str,
    workflows: Sequence[type] = (),
    activities: Sequence[Callable[..., Any]] = (),
    *,
    runner: WorkflowRunner | None = None,
    cached: int = CACHED,
) -> Worker:
    """A worker not yet running: `async with` it, or `run()` it."""
    return Worker(
        client,
        task_queue=task_queue,
        workflows=list(workflows),
        activities=list(activities),
        interceptors=[Shield()],
        workflow_runner=runner or UnsandboxedWorkflowRunner(),
        max_cached_workflows=cached,
        sticky_queue_schedule_to_start_timeout=STICKY,
        graceful_shutdown_timeout=GRACE,
        max_heartbeat_throttle_interval=HEARTBEATS,
        # Without one the library reads every loaded module to make an id that nothing uses.
        build_id="rosey",
    )
