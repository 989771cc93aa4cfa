"""Messages without a stream: the same on a server and in memory."""

import asyncio

import pytest
from nats.errors import ConnectionClosedError

from rosey import subjects
from rosey.bus import Bus, BusError, Incoming
from tests.rosey.bus.ear import Ear
from tests.servers import until

END = "rosey.test.end"


async def settled(bus: Bus) -> None:
    """What was published before has been heard by all who listen."""
    ear = Ear()
    listening = await bus.subscribe(END, ear)
    await bus.publish(END, b"end")
    await ear.until(b"end")
    await listening.unsubscribe()


async def test_messages_come_in_order_with_their_headers(each: Bus) -> None:
    ear = Ear()
    await each.subscribe("rosey.test.one", ear)
    for number in range(50):
        await each.publish("rosey.test.one", str(number).encode(), {"Number": f"{number}"}, "back")
    await ear.until(*(str(number).encode() for number in range(50)))
    first = ear.all[0]
    assert isinstance(first, Incoming)
    assert (first.subject, first.reply) == ("rosey.test.one", "back")
    assert first.headers == {"Number": "0"}


async def test_who_wants_an_answer_is_told_that_nobody_hears(each: Bus) -> None:
    ear = Ear()
    await each.subscribe("back.*", ear)
    await each.publish("rosey.test.one", b"question", reply="back.one")
    await ear.until(b"")
    (told,) = ear.all
    assert (told.subject, told.headers["Status"]) == ("back.one", "503")


@pytest.mark.parametrize(
    ("pattern", "heard"),
    [
        ("a.b.c", ["a.b.c"]),
        ("a.*.c", ["a.b.c", "a.*.c"]),
        ("*.b", ["a.b"]),
        ("a.>", ["a.b", "a.b.c", "a.*.c", "a.b.c.d"]),
        ("a.*.>", ["a.b.c", "a.*.c", "a.b.c.d"]),
        ("*", ["a", "ab"]),
        ("A.b", []),
    ],
)
async def test_patterns(each: Bus, pattern: str, heard: list[str]) -> None:
    ear = Ear()
    await each.subscribe(pattern, ear)
    for subject in ("a", "ab", "a.b", "a.b.c", "a.*.c", "a.b.c.d"):
        # A star in a subject that is published is only a letter.
        await each.publish(subject, b"")
    await settled(each)
    assert ear.subjects == heard


async def test_a_queue_shares_and_others_hear_all(each: Bus) -> None:
    first, second, other, everything = Ear(), Ear(), Ear(), Ear()
    await each.subscribe("rosey.test.work", first, queue="workers")
    await each.subscribe("rosey.test.*", second, queue="workers")
    await each.subscribe("rosey.test.work", other, queue="others")
    await each.subscribe("rosey.test.work", everything)
    for number in range(60):
        await each.publish("rosey.test.work", str(number).encode())
    await until(lambda: len(everything.all) == 60 and len(other.all) == 60)
    await until(lambda: len(first.all) + len(second.all) >= 60)
    assert first.all
    assert second.all
    assert sorted(first.data + second.data) == sorted(everything.data)


async def test_a_request_is_answered(each: Bus) -> None:
    async def answer(incoming: Incoming) -> None:
        await each.publish(incoming.reply, incoming.data + b"!")
        await each.publish(incoming.reply, b"too much")

    await each.subscribe("rosey.test.ask", answer)
    assert await each.request("rosey.test.ask", b"one") == b"one!"
    assert await each.request("rosey.test.ask", b"two") == b"two!"


async def test_a_request_that_nobody_hears(each: Bus) -> None:
    with pytest.raises(BusError, match=r"Nobody answers on rosey\.test\.ask\."):
        await each.request("rosey.test.ask", b"")


async def test_a_request_that_nobody_answers(each: Bus) -> None:
    await each.subscribe("rosey.test.ask", Ear())
    with pytest.raises(TimeoutError):
        await each.request("rosey.test.ask", b"", 0.1)


async def test_a_handler_that_fails_goes_on_listening(each: Bus) -> None:
    ear = Ear()

    async def handler(incoming: Incoming) -> None:
        await ear(incoming)
        raise RuntimeError(incoming.data)

    await each.subscribe("rosey.test.one", handler)
    await each.publish("rosey.test.one", b"1")
    await each.publish("rosey.test.one", b"2")
    await ear.until(b"1", b"2")


async def test_who_no_longer_listens_hears_no_more(each: Bus) -> None:
    ear = Ear()
    listening = await each.subscribe("rosey.test.one", ear)
    await each.publish("rosey.test.one", b"1")
    await ear.until(b"1")
    await listening.unsubscribe()
    await each.publish("rosey.test.one", b"2")
    await settled(each)
    assert ear.data == [b"1"]


async def test_another_connection_is_on_the_same_bus(each: Bus) -> None:
    other = await each.another("other")
    ear = Ear()
    await other.subscribe("rosey.test.one", ear)
    await settled(other)
    await each.publish("rosey.test.one", b"1")
    await ear.until(b"1")
    await other.drain()
    assert each.is_connected
    assert not other.is_connected


async def test_draining_ends_the_work_in_hand_and_closes(each: Bus) -> None:
    other = await each.another("other")
    done: list[bytes] = []
    begun = asyncio.Event()

    async def slow(incoming: Incoming) -> None:
        begun.set()
        await asyncio.sleep(0.1)
        done.append(incoming.data)

    await other.subscribe("rosey.test.one", slow)
    await settled(other)
    for data in (b"1", b"2"):
        await each.publish("rosey.test.one", data)
    await begun.wait()
    await settled(other)
    mirror = await other.mirror(subjects.PLUGINS_BUCKET)
    await other.drain()
    await other.drain()
    assert done == [b"1", b"2"]
    with pytest.raises(BusError, match="we left"):
        await other.ended()
    with pytest.raises(ConnectionClosedError):
        await other.publish("rosey.test.one", b"3")
    with pytest.raises(ConnectionClosedError):
        await other.store(subjects.command("dice", "roll"), b"", "c-1")
    with pytest.raises(ConnectionClosedError):
        await other.subscribe("rosey.test.one", slow)
    heard = await each.mirror(subjects.PLUGINS_BUCKET)
    await each.bucket(subjects.PLUGINS_BUCKET).put("dice", b"1")
    await until(lambda: heard.values == {"dice": b"1"})
    assert mirror.values == {}
