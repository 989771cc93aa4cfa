"""The mailbox: what comes shortly after an order goes together with others as the next update."""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from pydantic import BaseModel
from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from rosey import clock, ids, tasks
from rosey.durable import Order
from rosey.durable.orders import KEEP_FOR
from rosey.events import Command, Outcome
from temporal.search_attributes import are_unknown, attributes

Found = TypeVar("Found", bound=BaseModel)

log = logging.getLogger("temporal.mailbox")

MOST_ORDERS = 100
MOST_BYTES = 256 * 1024
RPC_TIMEOUT = timedelta(seconds=5)
# Who only looks does not wait long.
ASK_PATIENCE = timedelta(seconds=10)
MOVED_ON = "AcceptedUpdateCompletedWorkflow"
# Seconds from one batch to the next: nobody in a room notices, and a burst makes few of them.
APART = 0.06
FIRST_PAUSE = 0.05
LONGEST_PAUSE = 1.0
# The server is busy, away, or the workflow renews itself: the same batch goes again.
PASSING = (
    RPCStatusCode.UNAVAILABLE,
    RPCStatusCode.RESOURCE_EXHAUSTED,
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.ABORTED,
    RPCStatusCode.CANCELLED,
    RPCStatusCode.UNKNOWN,
    RPCStatusCode.INTERNAL,
    RPCStatusCode.FAILED_PRECONDITION,
)
FAILURES = (RPCError, WorkflowUpdateRPCTimeoutOrCancelledError, WorkflowUpdateFailedError)


class Undeliverable(Exception):
    """A workflow refused a batch or could not be reached until it was stale."""


@dataclass
class _Box:
    workflow: str
    channel: str
    waiting: list[tuple[Order, "asyncio.Future[Outcome]"]] = field(default_factory=list)
    carrier: "asyncio.Task[None] | None" = None


class Mailboxes:
    """One box for each workflow id of a plugin; one batch under way for each."""

    def __init__(self, client: Client, plugin: str) -> None:
        self.client = client
        self.plugin = plugin
        self._boxes: dict[str, _Box] = {}
        self._searchable = True

    async def deliver(
        self, workflow: str, command: Command, settings: dict[str, object] | None = None
    ) -> Outcome:
        """Hands the command to `<workflow>` of its channel, starting it if there is none.

        Raises Undeliverable when it cannot be had before the command is stale.
        """
        workflow_id = f"{workflow.lower()}:{command.channel}"
        box = self._boxes.setdefault(workflow_id, _Box(workflow, command.channel))
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        box.waiting.append((Order.of(command, settings), answer))
        if box.carrier is None:
            box.carrier = asyncio.create_task(self._carry(workflow_id, box))
        return await answer

    async def ask(
        self, workflow: str, query: str, command: Command, answer: type[Found]
    ) -> Found | None:
        """Puts a query to `<workflow>` of the command's channel; None when there is none.

        Raises Undeliverable when nobody answers in time.
        """
        handle = self.client.get_workflow_handle(f"{workflow.lower()}:{command.channel}")
        give_up = clock.now() + ASK_PATIENCE
        while True:
            try:
                found: Found = await handle.query(
                    query, Order.of(command), result_type=answer, rpc_timeout=RPC_TIMEOUT
                )
                return found
            except RPCError as problem:
                _obey_cancellation()
                if problem.status is RPCStatusCode.NOT_FOUND:
                    return None
                if problem.status not in PASSING or clock.now() > give_up:
                    raise Undeliverable(f"{handle.id} does not answer: {problem}") from problem
            except WorkflowQueryFailedError as problem:
                raise Undeliverable(f"{handle.id} could not answer: {problem}") from problem
            await asyncio.sleep(FIRST_PAUSE)

    async def close(self) -> None:
        """Gives up what is under way; it was not acknowledged and comes again."""
        carriers = [box.carrier for box in self._boxes.values() if box.carrier]
        await tasks.end(*carriers)

    async def _carry(self, workflow_id: str, box: _Box) -> None:
        try:
            while batch := _take(box):
                began = asyncio.get_running_loop().time()
                await self._hand_over(workflow_id, box, batch)
                if len(box.waiting) < MOST_ORDERS:
                    await asyncio.sleep(began + APART - asyncio.get_running_loop().time())
        finally:
            box.carrier = None
            self._boxes.pop(workflow_id, None)
            for _, answer in box.waiting:
                answer.cancel()

    async def _hand_over(
        self, workflow_id: str, box: _Box, batch: list[tuple[Order, "asyncio.Future[Outcome]"]]
    ) -> None:
        orders = [order for order, _ in batch]
        try:
            outcomes = await self._insist(workflow_id, box, orders)
            if len(outcomes) != len(orders):
                raise Undeliverable(f"{workflow_id} answered {len(outcomes)} of {len(orders)}")
            for (_, answer), outcome in zip(batch, outcomes, strict=True):
                if not answer.done():
                    answer.set_result(outcome)
        except asyncio.CancelledError:
            for _, answer in batch:
                answer.cancel()
            raise
        except Exception as problem:  # whatever it was, those who wait must hear of it
            for _, answer in batch:
                if not answer.done():
                    answer.set_exception(problem)

    async def _insist(self, workflow_id: str, box: _Box, orders: list[Order]) -> list[Outcome]:
        """Sends the same batch under the same id until it is taken; ids make it once."""
        batch_id = ids.derive("b", *(order.id for order in orders))
        give_up = clock.now() + KEEP_FOR
        pause = FIRST_PAUSE
        while True:
            try:
                return await self._send(workflow_id, box, orders, batch_id)
            except FAILURES as problem:
                _obey_cancellation()
                if not _passing(problem) or clock.now() > give_up:
                    why = problem.__cause__ or problem
                    raise Undeliverable(f"{workflow_id} did not take it: {why}") from problem
                log.info("%s: %d orders go again: %r", workflow_id, len(orders), problem)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _send(
        self, workflow_id: str, box: _Box, orders: list[Order], batch_id: str
    ) -> list[Outcome]:
        try:
            outcomes: list[Outcome] = await self.client.get_workflow_handle(
                workflow_id
            ).execute_update(
                "deliver",
                orders,
                id=batch_id,
                result_type=list[Outcome],
                rpc_timeout=RPC_TIMEOUT,
            )
            return outcomes
        except RPCError as problem:
            if problem.status is not RPCStatusCode.NOT_FOUND:
                raise
        return await self._start_and_send(workflow_id, box, orders, batch_id)

    async def _start_and_send(
        self, workflow_id: str, box: _Box, orders: list[Order], batch_id: str
    ) -> list[Outcome]:
        """Starts the workflow with the batch; without search attributes where there are none."""
        try:
            return await self._start_with(workflow_id, box, orders, batch_id)
        except RPCError as problem:
            if not (self._searchable and are_unknown(problem)):
                raise
            log.warning("workflows start without search attributes: %s", problem.message)
            self._searchable = False
        return await self._start_with(workflow_id, box, orders, batch_id)

    async def _start_with(
        self, workflow_id: str, box: _Box, orders: list[Order], batch_id: str
    ) -> list[Outcome]:
        found_by = attributes(self.plugin, box.channel, orders[0].user)
        start: WithStartWorkflowOperation[object, object] = WithStartWorkflowOperation(
            box.workflow,
            id=workflow_id,
            task_queue=self.plugin,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            search_attributes=found_by if self._searchable else None,
            static_summary=f"{box.workflow} in {box.channel}",
        )
        try:
            outcomes: list[Outcome] = await self.client.execute_update_with_start_workflow(
                "deliver",
                orders,
                id=batch_id,
                start_workflow_operation=start,
                result_type=list[Outcome],
                rpc_timeout=RPC_TIMEOUT,
            )
        except FAILURES:
            # The start holds the failure too; asyncio complains of one that nobody looked at.
            with suppress(*FAILURES, asyncio.CancelledError, TimeoutError):
                async with asyncio.timeout(0.1):
                    await start.workflow_handle()
            raise
        return outcomes


def _take(box: _Box) -> list[tuple[Order, "asyncio.Future[Outcome]"]]:
    """The next batch: at most 100 orders or 256 KB, at least one if any waits."""
    size = 0
    count = 0
    for order, _ in box.waiting[:MOST_ORDERS]:
        size += len(order.model_dump_json().encode())
        if count and size > MOST_BYTES:
            break
        count += 1
    batch, box.waiting = box.waiting[:count], box.waiting[count:]
    return batch


def _passing(problem: Exception) -> bool:
    """Whether the same batch may be taken when it goes again."""
    if isinstance(problem, RPCError):
        return problem.status in PASSING
    if isinstance(problem, WorkflowUpdateFailedError):
        # The run ended or renewed itself with the update under way; its successor takes it.
        cause = problem.cause
        return isinstance(cause, ApplicationError) and cause.type == MOVED_ON
    return True


def _obey_cancellation() -> None:
    """Temporal's client reports our own task's cancellation as if the server had been slow."""
    task = asyncio.current_task()
    if task and task.cancelling():
        raise asyncio.CancelledError
