"""Buckets, expiry and mirrors: the same on a server and in memory."""

import asyncio

import pytest
from nats.js.errors import InvalidKeyError

from rosey import streams, subjects
from rosey.bus import Bus
from tests.servers import NatsServer, until

NAME = subjects.LISTENING_BUCKET
# The server counts in seconds and may be late.
LATE = 2.5


async def test_values_are_put_read_and_deleted(each: Bus) -> None:
    bucket = each.bucket(NAME)
    assert await bucket.get("trivia.a") is None
    assert await bucket.keys() == []
    await bucket.put("trivia.a", b"1")
    await bucket.put("trivia.b", b"2")
    await bucket.put("trivia.a", b"3")
    assert await bucket.get("trivia.a") == b"3"
    assert sorted(await bucket.keys()) == ["trivia.a", "trivia.b"]
    await bucket.delete("trivia.a")
    await bucket.delete("trivia.never")
    assert await bucket.get("trivia.a") is None
    assert await bucket.keys() == ["trivia.b"]


@pytest.mark.parametrize("key", ["", "a b", "a\r\nPUB x 0", "a.*", ".a", "ü"])
@pytest.mark.parametrize("ttl", [None, 5.0])
async def test_a_key_that_cannot_be_a_subject(each: Bus, key: str, ttl: float | None) -> None:
    bucket = each.bucket(NAME)
    with pytest.raises(InvalidKeyError):
        await bucket.put(key, b"1", ttl)
    assert await bucket.keys() == []


async def test_a_mirror_follows(each: Bus) -> None:
    bucket = each.bucket(NAME)
    await bucket.put("a", b"1")
    changes: list[tuple[str, bytes | None]] = []
    mirror = await each.mirror(NAME, lambda key, value: changes.append((key, value)))
    assert mirror.values == {"a": b"1"}
    await bucket.put("b", b"2")
    await bucket.put("b", b"2")
    await mirror.put("c", b"3")
    await bucket.delete("a")
    await until(lambda: mirror.values == {"b": b"2", "c": b"3"})
    assert changes == [("a", b"1"), ("b", b"2"), ("c", b"3"), ("a", None)]


async def test_a_value_is_over_in_time_and_everybody_hears_of_it(each: Bus) -> None:
    bucket = each.bucket(NAME)
    changes: list[tuple[str, bytes | None]] = []
    mirror = await each.mirror(NAME, lambda key, value: changes.append((key, value)))
    before = asyncio.get_running_loop().time()
    await bucket.put("short", b"1", ttl=0.6)
    await bucket.put("long", b"2", ttl=60)
    await bucket.put("kept", b"3")
    await until(lambda: ("short", None) in changes, 0.6 + LATE)
    assert asyncio.get_running_loop().time() - before >= 0.59
    assert mirror.values == {"long": b"2", "kept": b"3"}
    assert await bucket.get("short") is None
    assert sorted(await bucket.keys()) == ["kept", "long"]
    late = await each.mirror(NAME)
    assert late.values == mirror.values


async def test_a_later_put_has_a_time_of_its_own(each: Bus) -> None:
    bucket = each.bucket(NAME)
    mirror = await each.mirror(NAME)
    await bucket.put("a", b"1", ttl=0.5)
    await bucket.put("a", b"2")
    await bucket.put("b", b"1", ttl=0.5)
    await bucket.put("b", b"2", ttl=60)
    await bucket.put("probe", b"1", ttl=1.0)
    await until(lambda: mirror.values.get("probe") == b"1")
    await until(lambda: "probe" not in mirror.values, 1.0 + LATE)
    assert mirror.values == {"a": b"2", "b": b"2"}
    assert await bucket.get("a") == b"2"
    await bucket.put("probe", b"2")
    assert await bucket.get("probe") == b"2"


async def test_buckets_of_an_older_make_learn_to_expire(nats: NatsServer) -> None:
    bus = await Bus.connect(nats.url, "test")
    for old in streams.buckets():
        await bus.js.create_key_value(
            old.evolve(limit_marker_ttl=None, republish=None, max_bytes=1024 * 1024)
        )
    bucket = bus.bucket(subjects.PLUGINS_BUCKET)
    await bucket.put("dice", b"kept")
    await bus.declare()
    mirror = await bus.mirror(subjects.PLUGINS_BUCKET)
    await bucket.put("trivia", b"1", ttl=1)
    await until(lambda: "trivia" in mirror.values)
    await until(lambda: mirror.values == {"dice": b"kept"}, 1 + LATE)
    await bus.drain()


async def test_what_was_over_while_the_bus_was_away(bus: Bus, nats: NatsServer) -> None:
    mirror = await bus.mirror(NAME)
    await bus.bucket(NAME).put("a", b"1", ttl=1)
    await bus.bucket(NAME).put("b", b"2")
    await until(lambda: set(mirror.values) == {"a", "b"})
    nats.kill()
    await until(lambda: not bus.is_connected)
    await asyncio.sleep(1.1)  # its time passes while nobody can say so
    nats.start()
    await until(lambda: mirror.values == {"b": b"2"}, 20)


async def test_a_mirror_of_one_key_knows_no_other(each: Bus) -> None:
    bucket = each.bucket(subjects.SETTINGS_BUCKET)
    await bucket.put("now.dice", b"1")
    await bucket.put("now.trivia", b"1")
    changes: list[tuple[str, bytes | None]] = []
    mirror = await each.mirror(
        subjects.SETTINGS_BUCKET, lambda *change: changes.append(change), "now.dice"
    )
    assert mirror.values == {"now.dice": b"1"}
    await bucket.put("now.trivia", b"2")
    await bucket.put("now.dice.more", b"2")
    await bucket.put("now.dice", b"2")
    await until(lambda: mirror.values == {"now.dice": b"2"})
    await bucket.delete("now.dice")
    await until(lambda: mirror.values == {})
    assert changes == [("now.dice", b"1"), ("now.dice", b"2"), ("now.dice", None)]


async def test_each_change_has_a_revision_of_its_own(each: Bus) -> None:
    bucket = each.bucket(NAME)
    assert await bucket.revision("a") == 0
    seen = set()
    for value in (b"1", b"2", b"1"):
        await bucket.put("a", value)
        seen.add(await bucket.revision("a"))
        await bucket.put("b", value)
        assert await bucket.revision("a") in seen
    await bucket.delete("a")
    assert await bucket.revision("a") == 0
    await bucket.put("a", b"1")
    seen.add(await bucket.revision("a"))
    assert len(seen) == 4


async def test_what_is_purged_is_gone_and_everybody_hears_of_it(each: Bus) -> None:
    bucket = each.bucket(NAME)
    mirror = await each.mirror(NAME)
    await bucket.put("a", b"1")
    await bucket.put("b", b"1")
    await until(lambda: set(mirror.values) == {"a", "b"})
    await bucket.purge("a")
    await until(lambda: set(mirror.values) == {"b"})
    assert await bucket.get("a") is None
    assert await bucket.keys() == ["b"]
    await bucket.purge("never")


async def test_of_what_is_purged_nothing_stays(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rosey.bus.bucket.WORD_SECONDS", 1)
    bucket = bus.bucket(NAME)
    await bucket.put("a", b"1")
    await bucket.purge("a")
    async with asyncio.timeout(20):
        while (await bus.js.stream_info(f"KV_{NAME}")).state.messages:
            await asyncio.sleep(0.05)
