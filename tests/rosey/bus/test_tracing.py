"""One trace from a frame to the line that answers it."""

from collections.abc import Sequence

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from rosey import streams, subjects
from rosey.bus import Bus, Delivery, Middleware, Poison
from rosey.bus.middleware import headers_for
from rosey.bus.tracing import Tracing
from tests.consuming import consume
from tests.core.stage import Stage
from tests.rosey.bus.ear import Ear
from tests.servers import until

FRAME = subjects.raw("lounge", "chat")
WAY = [
    "process rosey.platform.*.chat",
    "process rosey.events.message",
    "process rosey.command.dice.*",
    "process rosey.reply.dice.*",
    "process rosey.platform.*.send",
]


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def provider(spans: InMemorySpanExporter) -> TracerProvider:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(spans))
    return provider


@pytest.fixture
def middlewares(provider: TracerProvider) -> Sequence[Middleware]:
    return [Tracing(provider)]


def named(spans: InMemorySpanExporter, name: str) -> list[ReadableSpan]:
    return [span for span in spans.get_finished_spans() if span.name == name]


async def test_one_trace_from_frame_to_action(each: Bus, spans: InMemorySpanExporter) -> None:
    stage = Stage(each)
    stage.confirming = False
    async with stage.stack:
        await stage.open()
        await stage.router()
        await stage.plugin("dice")
        for text in ("!flip", "!roll 2d6"):
            with each.handling(FRAME, {}):
                await stage.say(text, user=text)
        await until(lambda: len(named(spans, WAY[-1])) == 2)
    traces = set()
    for frame in named(spans, WAY[0]):
        assert frame.parent is None
        span = frame
        for name in WAY[1:]:
            (span,) = [
                one
                for one in named(spans, name)
                if one.parent and one.parent.span_id == span.context.span_id
            ]
            assert span.context.trace_id == frame.context.trace_id
        traces.add(frame.context.trace_id)
    assert len(traces) == 2


async def test_a_message_that_nobody_traced_begins_a_trace(
    each: Bus, provider: TracerProvider, spans: InMemorySpanExporter
) -> None:
    ear = Ear()
    with provider.get_tracer("test").start_as_current_span("somebody else's work"):
        # The task that receives is made here, and must not be a part of it.
        await each.subscribe("rosey.test.one", ear)
    for headers in ({}, {"traceparent": "nonsense"}, {"traceparent": "00-" + "0" * 53}):
        await each.publish("rosey.test.one", b"", headers)
    await until(lambda: len(named(spans, "process rosey.test.one")) == 3)
    found = named(spans, "process rosey.test.one")
    assert [span.parent for span in found] == [None] * 3
    assert len({span.context.trace_id for span in found}) == 3


async def test_a_span_says_what_failed_but_not_what_was_said(
    each: Bus, spans: InMemorySpanExporter
) -> None:
    async def handler(delivery: Delivery) -> None:
        raise Poison("a secret")

    await consume(each, streams.EVENTS, "reader", [subjects.PM], handler)
    await each.store(subjects.PM, b"a secret", "p-1")
    await until(lambda: len(spans.get_finished_spans()) == 1)
    (span,) = spans.get_finished_spans()
    assert span.status.status_code is trace.StatusCode.ERROR
    assert span.status.description == "Poison"
    assert "a secret" not in span.to_json()
    assert span.attributes
    assert span.attributes["messaging.message.id"] == "p-1"
    assert span.attributes["messaging.destination.template"] == subjects.PM


def test_a_message_that_leaves_by_another_client(provider: TracerProvider) -> None:
    tracing = Tracing(provider)
    assert headers_for([tracing], subjects.MESSAGE) == {}
    with tracing.handling(FRAME, {}):
        inside = trace.get_current_span().get_span_context()
        headers = headers_for([tracing], subjects.MESSAGE, {"Nats-Msg-Id": "m-1"})
    assert headers["traceparent"].split("-")[1] == f"{inside.trace_id:032x}"
    assert headers["Nats-Msg-Id"] == "m-1"


def test_without_an_sdk_it_does_nothing() -> None:
    tracing = Tracing()
    assert not tracing.is_on
    carried = {"traceparent": f"00-{1:032x}-{1:016x}-01"}
    with tracing.handling(FRAME, carried):
        assert not trace.get_current_span().get_span_context().is_valid
        assert headers_for([tracing], subjects.MESSAGE) == {}
