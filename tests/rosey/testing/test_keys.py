"""Keys in memory keep to the vectors, and end by the clock."""

from typing import Any

import pytest

from rosey.contracts.storage import Code
from rosey.storage import Database, StorageError
from rosey.testing import MemoryDatabase
from tests.rosey.testing.conftest import Watch
from tests.rosey.testing.users import ask
from tests.vectors import ids, load, subset

# On our wire the plugin is a token of the subject and never missing from a request.
SCENARIOS = [
    each
    for each in load("kv_scenarios", "steps")
    if each["id"] not in ("kv_scenarios-033", "kv_scenarios-036", "kv_scenarios-050")
]


@pytest.mark.parametrize("vector", SCENARIOS, ids=ids(SCENARIOS))
async def test_keys(vector: dict[str, Any]) -> None:
    plugins: dict[str, MemoryDatabase] = {}
    replies = []
    for step in vector["in"]["steps"]:
        memory = plugins.setdefault(step.get("plugin", ""), MemoryDatabase())
        replies.append(await ask(memory, "kv", step["op"], step["request"]))
    wanted = vector["out"]["replies_contain"]
    assert all(map(subset, wanted, replies))
    assert len(wanted) == len(replies)


@pytest.mark.parametrize(
    "vector", load("kv_scenarios", "value_json_bytes"), ids=lambda each: str(each["id"])
)
async def test_largest_value(vector: dict[str, Any]) -> None:
    value = "x" * (vector["in"]["value_json_bytes"] - 2)
    reply = await ask(MemoryDatabase(), "kv", "set", {"key": "a", "value": value})
    assert subset(vector["out"], reply)


async def test_size_is_of_bytes_and_not_of_characters() -> None:
    keys = Database(MemoryDatabase()).keys
    with pytest.raises(StorageError) as refused:
        await keys.compare_and_set("a", None, "é" * 32_768)
    assert refused.value.code is Code.VALUE_TOO_LARGE
    assert await keys.get("a", "none") == "none"


async def test_a_life_that_is_over(watch: Watch) -> None:
    (vector,) = load("kv_scenarios", "ttl_seconds")
    keys = Database(MemoryDatabase()).keys
    await keys.set("a", 1, vector["in"]["ttl_seconds"])
    watch.wait(seconds=0.999)
    assert await keys.list() == ["a"]
    watch.wait(seconds=vector["in"]["read_after_s"] - 0.999)
    assert await keys.get("a", "none") == "none"
    assert await keys.list() == []
    assert not await keys.delete("a")
    assert await keys.incr("a") == 1


async def test_a_life_that_a_later_set_takes_away(watch: Watch) -> None:
    (vector,) = (each for each in load("kv_scenarios") if each["id"] == "kv_scenarios-050")
    memory = MemoryDatabase()
    for step in vector["in"]["steps"]:
        if "set_ttl" in step:
            await Database(memory).keys.set("a", 1, step["set_ttl"])
        else:
            watch.wait(seconds=step["wait_s"])
    assert subset(vector["out"], await ask(memory, "kv", "get", {"key": "a"}))


async def test_a_life_goes_on_while_it_is_counted(watch: Watch) -> None:
    keys = Database(MemoryDatabase()).keys
    await keys.incr("a", 2, ttl_seconds=10)
    watch.wait(seconds=9)
    assert await keys.incr("a", 0.5, ttl_seconds=10) == 2.5
    watch.wait(seconds=1)
    assert await keys.get("a") is None


async def test_a_life_begins_while_it_is_counted(watch: Watch) -> None:
    keys = Database(MemoryDatabase()).keys
    await keys.set("a", None)
    assert await keys.incr("a", ttl_seconds=1) == 1
    watch.wait(seconds=1)
    assert await keys.get("a") is None


async def test_a_prefix_is_literal() -> None:
    (vector,) = load("kv_scenarios", "prefix")
    keys = Database(MemoryDatabase()).keys
    for key in vector["in"]["keys"]:
        await keys.set(key, 1)
    assert await keys.list(vector["in"]["prefix"]) == vector["out"]["keys"]


@pytest.mark.parametrize("value", ["5", True, [1], {"a": 1}, 2**63 - 1, 1.7e308])
async def test_counting_what_cannot_be_counted(value: Any) -> None:
    keys = Database(MemoryDatabase()).keys
    await keys.set("a", value)
    with pytest.raises(StorageError) as refused:
        await keys.incr("a", 1.7e308 if isinstance(value, float) else 1)
    assert refused.value.code is Code.VALIDATION_ERROR
    assert await keys.get("a") == value


@pytest.mark.parametrize(
    ("kept", "expected", "swapped"),
    [
        (1, 1.0, True),
        (1, True, False),
        ([1, {"a": None}], [1.0, {"a": None}], True),
        ([1], [True], False),
        ([1], [1, 2], False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ({"a": 1}, {"b": 1}, False),
        ("a", None, False),
    ],
)
async def test_swapping_what_is_alike(kept: Any, expected: Any, swapped: bool) -> None:
    keys = Database(MemoryDatabase()).keys
    await keys.set("a", kept)
    assert await keys.compare_and_set("a", expected, "new") is swapped
    assert await keys.get("a") == ("new" if swapped else kept)
