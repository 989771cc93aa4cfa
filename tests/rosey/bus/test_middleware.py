"""What is done around every message, on a server and in memory."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from rosey import streams, subjects
from rosey.bus import Bus, BusError, Delivery, Incoming, Metrics, Poison
from rosey.bus.middleware import MOST_FAMILIES, family, headers_for
from rosey.testing import MemoryBus
from tests.consuming import consume
from tests.rosey.bus.ear import Ear
from tests.servers import until


class Stamp:
    """Puts its name on what leaves and notes what passes."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.passed: list[str] = []

    @contextmanager
    def sending(self, subject: str, headers: dict[str, str]) -> Iterator[None]:
        headers["By"] = headers.get("By", "") + self.name
        yield
        self.passed.append(f"sent {subject}")

    @contextmanager
    def handling(self, subject: str, headers: Mapping[str, str]) -> Iterator[None]:
        self.passed.append(f"begun {subject} by {headers.get('By')}")
        try:
            yield
        except Exception as problem:
            self.passed.append(f"failed {problem}")
            raise
        self.passed.append(f"done {subject}")


first, second = Stamp("a"), Stamp("b")


@pytest.fixture
def middlewares() -> list[Stamp]:
    first.passed.clear()
    second.passed.clear()
    return [first, second]


async def test_they_are_around_every_message_that_leaves(each: Bus) -> None:
    ear = Ear()

    async def answer(incoming: Incoming) -> None:
        await ear(incoming)
        await each.publish(incoming.reply, b"yes")

    given = {"Mine": "1"}
    await each.subscribe(subjects.MESSAGE, ear)
    await each.publish(subjects.MESSAGE, b"1", given)
    await each.store(subjects.MESSAGE, b"2", "m-2")
    await (await each.store_soon(subjects.MESSAGE, b"3", "m-3"))
    await ear.until(b"1", b"2", b"3")
    assert [one.headers["By"] for one in ear.all] == ["ab"] * 3
    assert [one.headers.get("Nats-Msg-Id") for one in ear.all] == [None, "m-2", "m-3"]
    assert ear.all[0].headers["Mine"] == "1"
    assert given == {"Mine": "1"}
    await each.subscribe("rosey.test.ask", answer)
    assert await each.request("rosey.test.ask", b"") == b"yes"
    assert ear.all[-1].headers["By"] == "ab"
    assert (first.passed[0], second.passed[0]) == (f"sent {subjects.MESSAGE}",) * 2


async def test_they_are_around_every_handler(each: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rosey.bus.consumer.RETRY_AFTER", 0.01)

    async def handler(delivery: Delivery) -> None:
        if delivery.tries == 1:
            raise RuntimeError("once")
        raise Poison("twice")

    consumer = await consume(each, streams.EVENTS, "reader", [subjects.PM], handler)
    await each.store(subjects.PM, b"1", "p-1")
    await until(lambda: consumer.buried == 1)
    handled = [line for line in first.passed if not line.startswith("sent")]
    assert handled == [
        f"begun {subjects.PM} by ab",
        "failed once",
        f"begun {subjects.PM} by ab",
        "failed twice",
    ]
    # What is set aside leaves as everything does.
    assert f"sent {subjects.dead(streams.EVENTS)}" in second.passed


async def test_work_that_begins_elsewhere(each: Bus) -> None:
    with each.handling("rosey.platform.lounge.chat", {}):
        await each.publish("rosey.test.one", b"")
    assert first.passed == [
        "begun rosey.platform.lounge.chat by None",
        "sent rosey.test.one",
        "done rosey.platform.lounge.chat",
    ]
    assert headers_for(each.middlewares, "rosey.test.one", {"By": "me "}) == {"By": "me ab"}


async def test_another_connection_has_them_too(each: Bus) -> None:
    other = await each.another("other")
    assert list(other.middlewares) == [first, second]
    await other.drain()


async def test_without_any_nothing_is_added(bus: Bus) -> None:
    given = {"Mine": "1"}
    with bus.sending("rosey.test.one", given) as headers:
        assert headers is given
    with bus.sending("rosey.test.one") as headers:
        assert headers is None
    with bus.handling("rosey.test.one", {}):
        pass
    assert headers_for(bus.middlewares, "rosey.test.one") == {}


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        ("rosey.events.user.join", "rosey.events.user.join"),
        ("rosey.platform.lounge.send", "rosey.platform.*.send"),
        ("rosey.command.dice.roll", "rosey.command.dice.*"),
        ("rosey.reply.dice.r-c-1", "rosey.reply.dice.*"),
        ("rosey.plugins.dice.rolled.twice", "rosey.plugins.dice.*"),
        ("rosey.commands.anything.execute", "rosey.commands.*.execute"),
        ("rosey.refusal.plugin-dice", "rosey.refusal.*"),
        ("rosey.dead.EVENTS", "rosey.dead.*"),
        ("dice.rolled", "dice.*"),
        ("$KV.rosey_plugins.dice.a", "$KV.rosey_plugins.>"),
        ("_INBOX.plugin-dice.abc.1", "_INBOX.>"),
        ("a", "other"),
        ("a.b.c.d", "other"),
    ],
)
def test_families(subject: str, name: str) -> None:
    assert family(subject) == name


async def test_metrics_count_by_family() -> None:
    metrics = Metrics()
    bus = MemoryBus([metrics])
    await bus.declare(["dice"])
    ear = Ear()

    async def handler(delivery: Delivery) -> None:
        await ear(delivery)
        if delivery.data == b"7":
            raise Poison("no")

    consumer = await consume(
        bus, streams.replies_of("dice"), "r", [subjects.reply("dice", "*")], handler
    )
    for number in range(10):
        data = str(number).encode()
        await bus.store(subjects.reply("dice", f"r-{number}"), data, f"r-{number}")
    with pytest.raises(BusError):
        await bus.request("rosey.nobody", b"")
    await until(lambda: consumer.buried == 1 and len(ear.all) == 10)
    counted = {(one.way, one.family): (one.count, one.failed) for one in metrics.read()}
    assert counted == {
        ("sent", "rosey.reply.dice.*"): (10, 0),
        ("sent", "rosey.nobody"): (1, 1),
        ("sent", "rosey.dead.*"): (1, 0),
        ("handled", "rosey.reply.dice.*"): (10, 1),
    }
    await bus.drain()


@pytest.mark.parametrize(
    ("times", "p50", "p99"),
    [
        ([0.0], 0.0005, 0.0005),
        ([0.0005], 0.0005, 0.0005),
        ([0.0006], 0.001, 0.001),
        ([11.0], 10.0, 10.0),
        ([0.0004] * 98 + [0.3, 0.6], 0.0005, 0.5),
        ([0.0004] * 49 + [0.02] * 51, 0.025, 0.025),
    ],
)
def test_durations_are_told_by_their_bounds(
    monkeypatch: pytest.MonkeyPatch, times: list[float], p50: float, p99: float
) -> None:
    clock = iter([moment for took in times for moment in (0.0, took)])
    monkeypatch.setattr("rosey.bus.middleware.perf_counter", lambda: next(clock))
    metrics = Metrics()
    for _ in times:
        with metrics.handling("dice.rolled", {}):
            pass
    [one] = metrics.read()
    assert (one.family, one.count, one.p50, one.p99) == ("dice.*", len(times), p50, p99)


def test_strangers_cannot_make_metrics_grow() -> None:
    metrics = Metrics()
    for number in range(2 * MOST_FAMILIES):
        with metrics.handling(f"rosey.x{number}", {}):
            pass
    read = {one.family: one.count for one in metrics.read()}
    assert len(read) == MOST_FAMILIES + 1
    assert read["other"] == MOST_FAMILIES
