"""A shield for workflows: input that nobody can read is dropped instead of stopping the room."""

from typing import Any

from temporalio import workflow
from temporalio.exceptions import ApplicationError
from temporalio.worker import (
    HandleSignalInput,
    HandleUpdateInput,
    Interceptor,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)

NONSENSE = (TypeError, ValueError, AttributeError, KeyError)


class _Shield(WorkflowInboundInterceptor):
    async def handle_signal(self, input: HandleSignalInput) -> None:
        try:
            await super().handle_signal(input)
        except NONSENSE as problem:
            workflow.logger.warning("dropped the signal %s: %s", input.signal, problem)

    async def handle_update_handler(self, input: HandleUpdateInput) -> Any:
        try:
            return await super().handle_update_handler(input)
        except NONSENSE as problem:
            told = f"{input.update} cannot do anything with this: {problem}"
            raise ApplicationError(told, type="Nonsense", non_retryable=True) from problem


class Shield(Interceptor):
    """Without it the wrong number of inputs would fail every task of the workflow from then on."""

    def workflow_interceptor_class(
        self, input: WorkflowInterceptorClassInput
    ) -> type[WorkflowInboundInterceptor]:
        return _Shield
