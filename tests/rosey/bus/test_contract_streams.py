"""Streams and consumers: the same on a server and in memory."""

import asyncio
from typing import Any

import pytest
from nats.js.errors import NoStreamResponseError, NotFoundError

from rosey import streams, subjects, tasks
from rosey.bus import Bus, BusError, Consumer, Delivery, Poison
from rosey.events import Command
from rosey.streams import ConsumerSpec
from tests.consuming import consume
from tests.rosey.bus.ear import Ear
from tests.servers import until

ROLL = subjects.command("dice", "roll")
SOON = 0.3


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rosey.bus.consumer.RETRY_AFTER", 0.05)


async def take(bus: Bus, handler: Any, durable: str = "reader", **options: Any) -> Any:
    return await consume(bus, streams.EVENTS, durable, [subjects.MESSAGE], handler, **options)


async def say(bus: Bus, *lines: bytes) -> None:
    for line in lines:
        await bus.store(subjects.MESSAGE, line, f"m-{line.decode()}")


async def test_an_id_is_stored_once(each: Bus) -> None:
    ear = Ear()
    await take(each, ear)
    first = await each.store(subjects.MESSAGE, b"a", "m-1")
    again = await each.store(subjects.MESSAGE, b"b", "m-1")
    soon = await each.store_soon(subjects.MESSAGE, b"c", "m-1")
    assert not first.duplicate
    assert again.duplicate
    assert (await soon).duplicate
    assert (first.stream, first.seq, again.seq) == (streams.EVENTS, 1, 1)
    await say(each, b"end")
    await ear.until(b"a", b"end")


async def test_what_no_stream_keeps(each: Bus) -> None:
    with pytest.raises(BusError, match=r"rosey\.nowhere could not be stored"):
        await each.store("rosey.nowhere", b"", "n-1", patience=0.15)


async def test_the_last_on_a_subject(each: Bus) -> None:
    assert await each.last(streams.commands_of("dice"), ROLL) is None
    assert await each.last("NOWHERE", ROLL) is None
    for number in (1, 2):
        await each.store(ROLL, str(number).encode(), f"c-{number}")
    await each.store(subjects.command("dice", "flip"), b"3", "c-3")
    assert await each.last(streams.commands_of("dice"), ROLL) == b"2"


async def test_who_listens_hears_what_is_stored_and_what_is_republished(each: Bus) -> None:
    plain, second = Ear(), Ear()
    await each.subscribe("dice.*", plain)
    await each.subscribe("rosey.plugins.dice.>", second)
    await each.store("dice.roll_performed", b"1", "e-1")
    await each.publish("dice.flipped", b"2")
    await plain.until(b"1", b"2")
    await second.until(b"1", b"2")
    assert second.subjects == ["rosey.plugins.dice.roll_performed", "rosey.plugins.dice.flipped"]
    assert await each.last(streams.events_of("dice"), "dice.flipped") == b"2"


async def test_old_and_new_messages_come_in_order_and_once(each: Bus) -> None:
    ear = Ear()
    for number in range(300):
        await each.store_soon(subjects.MESSAGE, str(number).encode(), f"m-{number}")
    await each.store(subjects.PM, b"not asked for", "p-1")
    first = await take(each, ear)
    for number in range(300, 600):
        await each.store_soon(subjects.MESSAGE, str(number).encode(), f"m-{number}")
    await ear.until(*(str(number).encode() for number in range(600)))
    delivery = ear.all[300]
    assert isinstance(delivery, Delivery)
    assert (delivery.seq, delivery.tries, delivery.subject) == (302, 1, subjects.MESSAGE)
    assert delivery.headers["Nats-Msg-Id"] == "m-300"
    await first.stop()
    # Acknowledged is what nobody gets again.
    later = Ear()
    await take(each, later, ack_wait=SOON)
    await say(each, b"end")
    await later.until(b"end")
    await asyncio.sleep(SOON)
    assert later.data == [b"end"]


async def test_two_share_one_consumer(each: Bus) -> None:
    other = await each.another("other")
    first, second = Ear(), Ear()
    await take(each, first)
    await take(other, second)
    for number in range(600):
        await each.store_soon(subjects.MESSAGE, str(number).encode(), f"m-{number}")
    await until(lambda: len(first.all) + len(second.all) >= 600)
    assert first.all
    assert second.all
    assert sorted(first.data + second.data) == sorted(str(number).encode() for number in range(600))
    await other.drain()


async def test_a_consumer_that_nobody_has_made(each: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rosey.bus.client.STORE_PATIENCE", 0.15)
    spec = ConsumerSpec(streams.EVENTS, "nobody", (subjects.MESSAGE,))
    with pytest.raises(BusError, match="nobody on EVENTS is not there"):
        await each.consume(spec, Ear())
    with pytest.raises(NotFoundError):
        await each.make(ConsumerSpec("NOWHERE", "nobody", (subjects.MESSAGE,)))


async def test_it_waits_for_a_consumer_that_is_made_later(each: Bus) -> None:
    spec = ConsumerSpec(streams.EVENTS, "late", (subjects.MESSAGE,))
    waiting = asyncio.create_task(each.made(spec))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    await each.make(spec)
    await waiting


async def test_declaring_again_keeps_everything(each: Bus) -> None:
    await each.store(ROLL, b"1", "c-1")
    await each.declare(["dice", "trivia", "quote"], ["fake"])
    assert await each.last(streams.commands_of("dice"), ROLL) == b"1"
    await each.made(streams.commands_consumer("quote"))
    await each.made(streams.sends_consumer("fake"))


async def test_what_fails_comes_again_at_most_five_times(each: Bus) -> None:
    tries: list[int] = []

    async def handler(delivery: Delivery) -> None:
        tries.append(delivery.tries)
        raise RuntimeError("always")

    consumer = await take(each, handler)
    await say(each, b"bad")
    await until(lambda: consumer.buried == 1)
    assert tries == [1, 2, 3, 4, 5]


async def test_what_fails_once_is_not_set_aside(each: Bus) -> None:
    ear = Ear()

    async def handler(delivery: Delivery) -> None:
        await ear(delivery)
        if delivery.tries == 1:
            raise RuntimeError("once")

    consumer = await take(each, handler)
    await say(each, b"1")
    await ear.until(b"1", b"1")
    await say(each, b"2")
    await ear.until(b"1", b"1", b"2", b"2")
    assert consumer.buried == 0


async def test_poison_and_what_does_not_parse_are_set_aside_with_their_reason(each: Bus) -> None:
    ear, dead = Ear(), Ear()

    async def handler(delivery: Delivery) -> None:
        await ear(delivery)
        if delivery.data == b"poison":
            raise Poison("cannot be helped")
        if delivery.data == b"by hand":
            await delivery.bury("not wanted")
        if delivery.data == b"{}":
            Command.read(delivery.data)

    consumer = await take(each, handler, ack_wait=SOON)
    await consume(each, streams.DEAD, "undertaker", [subjects.dead("*")], dead)
    for number, data in enumerate((b"poison", b"by hand", b"{}", b"fine")):
        await each.store(subjects.MESSAGE, data, f"m-{number}")
    await dead.until(b"poison", b"by hand", b"{}")
    assert set(dead.subjects) == {subjects.dead(streams.EVENTS)}
    reasons = [one.headers["Rosey-Reason"] for one in dead.all]
    assert reasons[:2] == ["cannot be helped", "not wanted"]
    assert reasons[2].startswith("does not parse: id: Field required")
    assert {one.headers["Rosey-Subject"] for one in dead.all} == {subjects.MESSAGE}
    await asyncio.sleep(2 * SOON)
    assert ear.data == [b"poison", b"by hand", b"{}", b"fine"]
    assert consumer.buried == 3


async def test_what_cannot_be_set_aside_comes_again(
    each: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[int] = []

    async def handler(delivery: Delivery) -> None:
        tries.append(delivery.tries)
        raise Poison("no")

    real, full = type(each)._keep_once, iter([True])

    async def keep(self: Bus, subject: str, data: bytes, headers: dict[str, str]) -> Any:
        if subject == subjects.dead(streams.EVENTS) and next(full, False):
            raise NoStreamResponseError
        return await real(self, subject, data, headers)

    monkeypatch.setattr(type(each), "_keep_once", keep)
    consumer = await take(each, handler, ack_wait=SOON)
    await say(each, b"bad")
    await until(lambda: consumer.buried == 1)
    assert tries == [1, 2]


async def test_stopping_twice_and_what_never_began(each: Bus) -> None:
    ear = Ear()
    consumer = await take(each, ear)
    await consumer.stop()
    await consumer.stop()
    await consumer.feed.ask()
    await say(each, b"1")
    never = Consumer(each, consumer.spec, ear, consumer.feed)
    await never.stop()
    again = await take(each, ear)
    await ear.until(b"1")
    await each.drain()
    await again.stop()


async def test_what_is_given_back_comes_after_its_delay(each: Bus) -> None:
    at: list[float] = []

    async def handler(delivery: Delivery) -> None:
        at.append(asyncio.get_running_loop().time())
        if delivery.tries == 1:
            await delivery.retry(0.5)

    await take(each, handler, ack_wait=0.4)
    await say(each, b"1")
    await until(lambda: len(at) == 2)
    assert 0.45 <= at[1] - at[0] < 5


async def test_one_at_a_time(each: Bus) -> None:
    ear = Ear()
    go_on = asyncio.Event()

    async def handler(delivery: Delivery) -> None:
        await ear(delivery)
        if delivery.data == b"1" and delivery.tries == 1:
            await delivery.retry(0.1)
            return
        await go_on.wait()

    await take(each, handler, at_once=1)
    await say(each, b"1", b"2")
    await ear.until(b"1", b"1")
    await asyncio.sleep(0.1)
    assert ear.data == [b"1", b"1"]
    go_on.set()
    await ear.until(b"1", b"1", b"2")


async def test_what_is_worked_on_is_nobody_elses(each: Bus) -> None:
    ear, other = Ear(), Ear()
    done = asyncio.Event()

    async def slow(delivery: Delivery) -> None:
        await ear(delivery)
        await done.wait()

    first = await take(each, slow, ack_wait=SOON)
    await say(each, b"1")
    await ear.until(b"1")
    await take(each, other, ack_wait=SOON)
    await asyncio.sleep(4 * SOON)
    done.set()
    await first.stop()
    await say(each, b"2")
    await other.until(b"2")
    assert ear.data == [b"1"]


async def test_what_comes_again_while_it_is_worked_on_is_not_begun_twice(each: Bus) -> None:
    """As after a pause of the whole process; the server takes the end of either for its end."""
    ear = Ear()
    done = asyncio.Event()

    async def slow(delivery: Delivery) -> None:
        await ear(delivery)
        await done.wait()

    consumer = await take(each, slow, ack_wait=SOON)
    handed_out: list[int] = []
    take_it = consumer.take

    def taken(*message: Any) -> None:
        handed_out.append(message[-1])
        take_it(*message)

    consumer.take = taken
    await tasks.end(consumer._watch)  # nobody says that it is worked on
    await say(each, b"1")
    await until(lambda: len(handed_out) >= 3)
    done.set()
    await say(each, b"2")
    await until(lambda: len(ear.all) == 2)
    assert ear.data == [b"1", b"2"]
    settled = len(handed_out)
    await asyncio.sleep(2 * SOON)
    assert len(handed_out) == settled


async def test_what_is_done_may_be_said_before_the_handler_ends(each: Bus) -> None:
    ear = Ear()

    async def early(delivery: Delivery) -> None:
        await ear(delivery)
        await delivery.ack()
        await asyncio.sleep(2 * SOON)
        raise RuntimeError("too late to matter")

    consumer = await take(each, early, ack_wait=SOON, at_once=1)
    await say(each, b"1", b"2")
    await ear.until(b"1", b"2")
    await consumer.stop()
    assert ear.data == [b"1", b"2"]


async def test_what_a_process_had_in_hand_goes_to_another(each: Bus) -> None:
    leaving = await each.another("leaving")
    ear, other = Ear(), Ear()

    async def hang(delivery: Delivery) -> None:
        await ear(delivery)
        await asyncio.Event().wait()

    consumer = await take(leaving, hang, ack_wait=SOON)
    await say(each, b"1")
    await ear.until(b"1")
    await take(each, other, ack_wait=SOON)
    await consumer.stop()
    await leaving.drain()
    await other.until(b"1")
    (delivery,) = other.all
    assert isinstance(delivery, Delivery)
    assert delivery.tries == 2


async def test_a_message_that_kills_its_process_is_set_aside(
    each: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was handed out too often without an end is not worked on once more."""
    tries: list[int] = []

    async def silent(delivery: Delivery) -> None:
        """Nothing is said of it: neither that it is worked on nor that it is done."""
        tries.append(delivery.tries)
        delivery.settled = True

    await say(each, b"deadly")
    for process in range(1, 3):
        consumer = await take(each, silent, ack_wait=1.0, most_tries=2)
        await until(lambda process=process: len(tries) == process)
        await consumer.stop()
    last = await take(each, silent, ack_wait=1.0, most_tries=2)
    await until(lambda: last.buried == 1)
    assert tries == [1, 2]


async def test_what_a_living_process_has_in_hand_is_not_set_aside(each: Bus) -> None:
    """After crashes of the server it comes often, though nobody has died of it."""
    tries: list[int] = []

    async def silent(delivery: Delivery) -> None:
        tries.append(delivery.tries)
        delivery.settled = delivery.tries < 4

    consumer = await take(each, silent, ack_wait=0.1, most_tries=2)
    await say(each, b"often")
    await until(lambda: tries == [1, 2, 3, 4])
    assert consumer.buried == 0


async def test_an_acknowledgement_may_come_late(each: Bus) -> None:
    """When its time is over and nobody else has taken it, it still counts."""
    ear = Ear()

    async def silent(delivery: Delivery) -> None:
        await ear(delivery)
        delivery.settled = True

    first = await take(each, silent, ack_wait=0.1)
    await say(each, b"1")
    await ear.until(b"1")
    await first.stop()
    await asyncio.sleep(0.3)  # its time passes, counted by the server
    delivery = ear.all[0]
    assert isinstance(delivery, Delivery)
    await delivery.working()
    delivery.settled = False
    await delivery.ack()
    other = Ear()
    await take(each, other, ack_wait=0.1)
    await say(each, b"2")
    await other.until(b"2")
    await asyncio.sleep(0.2)
    assert other.data == [b"2"]


async def test_late_words_about_a_message_are_no_harm(each: Bus) -> None:
    ear, other = Ear(), Ear()
    await take(each, ear)
    await say(each, b"1")
    await ear.until(b"1")
    await take(each, other)
    delivery = ear.all[0]
    assert isinstance(delivery, Delivery)
    for settled in (True, False):
        delivery.settled = settled
        await delivery.retry(0.0)
        await delivery.working()
    await say(each, b"2")
    await until(lambda: len(ear.all) + len(other.all) == 2)
    await asyncio.sleep(0.1)
    assert len(ear.all) + len(other.all) == 2


async def test_a_consumer_that_wants_only_what_is_new_and_its_end(each: Bus) -> None:
    await say(each, b"old")
    ear = Ear()
    await take(each, ear, only_new=True)
    await say(each, b"new")
    await ear.until(b"new")
    spec = ConsumerSpec(streams.EVENTS, "reader", (subjects.MESSAGE,), only_new=True)
    await each.make(spec)  # again, as a router does that starts
    await each.unmake(spec)
    await each.unmake(spec)
    with pytest.raises(NotFoundError):
        await each._look_for(spec)
