"""One trace from a frame to its reply: the context travels in the messages' headers.

Spans go where the process's OpenTelemetry SDK sends them; without one nothing is done.
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import SpanKind, Status, StatusCode, TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from rosey.bus.middleware import family

MESSAGE_ID = "Nats-Msg-Id"
_NOTHING = nullcontext()
_W3C = TraceContextTextMapPropagator()


class Tracing:
    """A middleware: a span for each message that is handled, the child of its sender's.

    `provider` is the process's own unless given; what is set up after this was made is not seen.
    """

    def __init__(self, provider: TracerProvider | None = None) -> None:
        provider = provider or trace.get_tracer_provider()
        self._tracer = trace.get_tracer("rosey.bus", tracer_provider=provider)
        # Whether somebody wants to hear of spans.
        self.is_on = not isinstance(provider, trace.ProxyTracerProvider | trace.NoOpTracerProvider)

    def sending(self, subject: str, headers: dict[str, str]) -> AbstractContextManager[object]:
        if self.is_on:
            _W3C.inject(headers)
        return _NOTHING

    def handling(self, subject: str, headers: Mapping[str, str]) -> AbstractContextManager[object]:
        return self._span(subject, headers) if self.is_on else _NOTHING

    @contextmanager
    def _span(self, subject: str, headers: Mapping[str, str]) -> Iterator[None]:
        # Not the surrounding context: a task that receives was made in somebody else's.
        parent = _W3C.extract(headers, Context())
        attributes = {
            "messaging.system": "nats",
            "messaging.operation.type": "process",
            "messaging.destination.template": family(subject),
        }
        if MESSAGE_ID in headers:
            attributes["messaging.message.id"] = headers[MESSAGE_ID]
        with self._tracer.start_as_current_span(
            f"process {family(subject)}",
            parent,
            SpanKind.CONSUMER,
            attributes,
            # The text of an exception may hold what somebody said.
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield
            except BaseException as problem:
                span.set_status(Status(StatusCode.ERROR, type(problem).__name__))
                raise
