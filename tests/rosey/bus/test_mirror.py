"""What a mirror makes of changes that cross its reading."""

import pytest

from rosey import subjects
from rosey.bus import Mirror
from rosey.testing import MemoryBus
from rosey.testing.bus import MemoryBucket


class Crossed(MemoryBucket):
    """While its keys are read, one goes, one changes and one comes."""

    mirror: Mirror

    async def keys(self) -> list[str]:
        found = await super().keys()
        await self.delete("gone")
        self.mirror._heard("changed", b"new")
        self.mirror._heard("came", b"1")
        return found


async def test_what_is_heard_while_reading_is_newer() -> None:
    bus = MemoryBus()
    await bus.declare()
    bucket = Crossed(bus, subjects.PLUGINS_BUCKET)
    for key in ("gone", "changed", "kept"):
        await bucket.put(key, b"old")
    bucket.mirror = Mirror(bucket)
    await bucket.mirror.start()
    assert bucket.mirror.values == {"changed": b"new", "came": b"1", "kept": b"old"}
    await bus.drain()


async def test_what_went_unheard_is_gone_after_the_next_reading() -> None:
    bus = MemoryBus()
    await bus.declare()
    bucket = bus.bucket(subjects.PLUGINS_BUCKET)
    await bucket.put("dice", b"1")
    changes: list[tuple[str, bytes | None]] = []
    mirror = await bus.mirror(subjects.PLUGINS_BUCKET, lambda *change: changes.append(change))
    bus.memory.buckets[subjects.PLUGINS_BUCKET].values.clear()
    await mirror.load()
    assert mirror.values == {}
    assert changes == [("dice", b"1"), ("dice", None)]
    await bus.drain()


@pytest.mark.parametrize("name", [subjects.PLUGINS_BUCKET, "nowhere"])
async def test_memory_has_the_buckets_that_were_declared(name: str) -> None:
    bus = await MemoryBus.connect("nats://nobody", "test")
    with pytest.raises(Exception, match=f"There is no bucket {name}"):
        await bus.bucket(name).put("a", b"1")
