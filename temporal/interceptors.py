"""A shield for workflows: input that nobody can read is dropped instead of stopping the room."""

from temporalio import workflow
from temporalio.worker import (
    HandleSignalInput,
    Interceptor,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)


class _Shield(WorkflowInboundInterceptor):
    async def handle_signal(self, input: HandleSignalInput) -> None:
        try:
            await super().handle_signal(input)
        except (TypeError, ValueError, AttributeError, KeyError) as problem:
            workflow.logger.warning("dropped the signal %s: %s", input.signal, problem)


class Shield(Interceptor):
    """Without it a signal with the wrong number of inputs would fail every task from then on."""

    def workflow_interceptor_class(
        self, input: WorkflowInterceptorClassInput
    ) -> type[WorkflowInboundInterceptor]:
        return _Shield
