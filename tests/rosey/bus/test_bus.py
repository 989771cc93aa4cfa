import asyncio

import pytest

from core.host.ports import free_port
from rosey import streams, subjects
from rosey.bus import Bus, BusError, Delivery, Incoming, Poison
from tests.consuming import consume
from tests.servers import NatsServer, until


async def test_first_connection_fails_fast_with_a_sentence() -> None:
    with pytest.raises(BusError, match="No NATS server answers at nats://127"):
        await Bus.connect(f"nats://127.0.0.1:{free_port()}", "test")


async def test_publish_subscribe_and_request(bus: Bus) -> None:
    heard: list[Incoming] = []

    async def answer(incoming: Incoming) -> None:
        heard.append(incoming)
        if incoming.reply:
            await bus.publish(incoming.reply, b"pong")

    await bus.subscribe("rosey.test.ping", answer)
    await bus.publish("rosey.test.ping", b"one", headers={"A": "b"})
    assert await bus.request("rosey.test.ping", b"two") == b"pong"
    assert [incoming.data for incoming in heard] == [b"one", b"two"]
    assert heard[0].headers == {"A": "b"}


async def test_request_that_nobody_hears(bus: Bus) -> None:
    with pytest.raises(BusError, match="Nobody answers"):
        await bus.request("rosey.test.silence", b"")


async def test_an_id_is_stored_once(bus: Bus) -> None:
    first = await bus.store(subjects.command("dice", "roll"), b"a", "c-1")
    second = await bus.store(subjects.command("dice", "roll"), b"b", "c-1")
    assert first.seq == second.seq
    assert second.duplicate


async def test_declaring_twice_and_changing_limits(bus: Bus) -> None:
    await bus.declare(["dice"])
    info = await bus.js.stream_info(streams.commands_of("dice"))
    assert info.config.duplicate_window == streams.DUPLICATE_WINDOW


async def test_events_are_republished(bus: Bus) -> None:
    heard: list[Incoming] = []

    async def note(incoming: Incoming) -> None:
        heard.append(incoming)

    await bus.subscribe("rosey.plugins.dice.>", note)
    await bus.client.flush()
    await bus.store("dice.roll_performed", b"{}", "e-1")
    await until(lambda: heard)
    assert heard[0].subject == "rosey.plugins.dice.roll_performed"


async def test_consume_in_order_and_acknowledge(bus: Bus) -> None:
    seen: list[bytes] = []

    async def handler(delivery: Delivery) -> None:
        seen.append(delivery.data)

    await consume(bus, streams.EVENTS, "reader", [subjects.MESSAGE], handler)
    for number in range(600):
        await bus.store_soon(subjects.MESSAGE, str(number).encode(), f"m-{number}")
    await until(lambda: len(seen) == 600)
    assert seen == [str(number).encode() for number in range(600)]

    async def settled() -> bool:
        info = await bus.js.consumer_info(streams.EVENTS, "reader")
        return not info.num_ack_pending

    for _ in range(200):
        if await settled():
            break
        await asyncio.sleep(0.01)
    else:
        raise AssertionError("not all acknowledged")


async def test_a_failing_handler_gets_it_again_and_poison_is_set_aside(bus: Bus) -> None:
    tries: list[int] = []

    async def handler(delivery: Delivery) -> None:
        tries.append(delivery.tries)
        if delivery.data == b"poison":
            raise Poison("cannot be read")
        if delivery.tries == 1:
            raise RuntimeError("once")

    consumer = await consume(bus, streams.EVENTS, "reader", [subjects.MESSAGE], handler)
    await bus.store(subjects.MESSAGE, b"fine", "m-1")
    await until(lambda: tries == [1, 2])
    await bus.store(subjects.MESSAGE, b"poison", "m-2")
    await until(lambda: consumer.buried == 1)
    dead = await bus.js.get_last_msg(streams.DEAD, subjects.dead(streams.EVENTS))
    assert dead.headers
    assert dead.headers["Rosey-Reason"] == "cannot be read"


async def test_work_in_hand_is_kept_alive(bus: Bus) -> None:
    started: list[int] = []
    done = asyncio.Event()

    async def handler(delivery: Delivery) -> None:
        started.append(delivery.tries)
        await done.wait()

    await consume(bus, streams.EVENTS, "reader", [subjects.MESSAGE], handler, ack_wait=0.3)
    await bus.store(subjects.MESSAGE, b"slow", "m-1")
    probe: list[bytes] = []

    async def later(delivery: Delivery) -> None:
        probe.append(delivery.data)

    await consume(bus, streams.EVENTS, "probe", [subjects.SENT], later, ack_wait=0.3)
    for number in range(5):  # five acknowledgement times pass, counted by the server
        await bus.store(subjects.SENT, b"tick", f"s-{number}")
        await asyncio.sleep(0.2)
    assert started == [1]
    done.set()


async def test_a_server_crash_loses_nothing_stored(bus: Bus, nats: NatsServer) -> None:
    seen: list[bytes] = []

    async def handler(delivery: Delivery) -> None:
        seen.append(delivery.data)

    await consume(bus, streams.EVENTS, "reader", [subjects.MESSAGE], handler)
    mirror = await bus.mirror(subjects.PLUGINS_BUCKET)
    await bus.store(subjects.MESSAGE, b"before", "m-1")
    nats.kill()
    storing = asyncio.create_task(bus.store(subjects.MESSAGE, b"during", "m-2"))
    nats.start()
    await storing
    await (bus.bucket(subjects.PLUGINS_BUCKET)).put("dice", b"alive")
    await bus.store(subjects.MESSAGE, b"after", "m-3")
    again = await bus.store(subjects.MESSAGE, b"before", "m-1")
    # What was on its way to us when the server died comes again when its time is over.
    await until(lambda: {b"before", b"during", b"after"} <= set(seen), 20)
    assert seen.index(b"during") < seen.index(b"after")
    assert again.duplicate
    await until(lambda: mirror.values == {"dice": b"alive"})


async def test_mirror_follows_writes_and_deletions(bus: Bus) -> None:
    bucket = bus.bucket(subjects.LISTENING_BUCKET)
    await bucket.put("trivia.a", b"1")
    changes: list[tuple[str, bytes | None]] = []
    mirror = await bus.mirror(
        subjects.LISTENING_BUCKET, lambda key, value: changes.append((key, value))
    )
    assert mirror.values == {"trivia.a": b"1"}
    await bucket.put("trivia.b", b"2")
    await bucket.delete("trivia.a")
    await until(lambda: mirror.values == {"trivia.b": b"2"})
    assert changes == [("trivia.a", b"1"), ("trivia.b", b"2"), ("trivia.a", None)]
    assert await bucket.get("trivia.a") is None
    assert await bucket.keys() == ["trivia.b"]
