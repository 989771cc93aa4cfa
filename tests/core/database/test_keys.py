"""Keys and values on both databases."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import func, inspect, select

from core.database.desk import Desk
from core.database.keys import Keys, same
from core.database.own_tables import audit, keys
from core.database.problems import Refusal
from core.database.store import Store
from core.database.writes import Writer
from rosey.contracts.storage import Code
from tests import vectors
from tests.core.database.clocks import Clock
from tests.core.database.own import prepare

SCENARIOS = vectors.load("kv_scenarios", "steps")
STEPS = [each for each in SCENARIOS if "op" in each["in"]["steps"][0]]
SIZES = vectors.load("kv_scenarios", "value_json_bytes")
LIVES = vectors.load("kv_scenarios", "ttl_seconds")
PREFIXES = vectors.load("kv_scenarios", "prefix")
NEW_LIVES = [each for each in SCENARIOS if "set_ttl" in each["in"]["steps"][0]]
PAYLOADS = vectors.load("injection_payloads", "stored_value")


class Plugin:
    """Asks for one plugin."""

    def __init__(self, part: Keys, name: str = "dice") -> None:
        self.part = part
        self.name = name

    async def __call__(self, op: str, **request: Any) -> dict[str, Any]:
        return await self.part.perform(self.name, op, request)

    async def get(self, key: str) -> Any:
        """None when there is none."""
        reply = await self("get", key=key)
        return reply["value"] if reply["exists"] else None

    async def refused(self, op: str, **request: Any) -> Refusal:
        with pytest.raises(Refusal) as refused:
            await self(op, **request)
        return refused.value


@pytest.fixture
async def part(store: Store) -> AsyncIterator[Keys]:
    await prepare(store)
    part = Keys(store, Writer(store))
    yield part
    await part.close()


@pytest.fixture
def dice(part: Keys) -> Plugin:
    return Plugin(part)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.mark.parametrize("vector", STEPS, ids=vectors.ids(STEPS))
async def test_scenarios(part: Keys, vector: dict[str, Any]) -> None:
    desk = Desk({"kv": part})
    replies = []
    for step in vector["in"]["steps"]:
        request = step["request"]
        data = request if isinstance(request, str) else json.dumps(request)
        # Plugins' names have no hyphens.
        plugin = step.get("plugin", "").replace("-", "")
        replies.append(json.loads(await desk.answer("kv", plugin, step["op"], data.encode())))
    expected = vector["out"]["replies_contain"]
    assert len(replies) == len(expected)
    for reply, part_of_it in zip(replies, expected, strict=True):
        assert vectors.subset(part_of_it, reply), (part_of_it, reply)


@pytest.mark.parametrize("vector", SIZES, ids=vectors.ids(SIZES))
@pytest.mark.parametrize("character", ["x", "é"])
async def test_a_value_has_a_largest_size(
    dice: Plugin, vector: dict[str, Any], character: str
) -> None:
    value = character * ((vector["in"]["value_json_bytes"] - 2) // len(character.encode()))
    if vector["out"]["success"]:
        await dice("set", key="a", value=value)
        assert await dice.get("a") == value
    else:
        assert (await dice.refused("set", key="a", value=value)).code is Code.VALUE_TOO_LARGE
        assert await dice.get("a") is None


@pytest.mark.parametrize("vector", LIVES, ids=vectors.ids(LIVES))
async def test_a_life_ends(dice: Plugin, clock: Clock, vector: dict[str, Any]) -> None:
    await dice("set", key="a", value=1, ttl_seconds=vector["in"]["ttl_seconds"])
    clock.go_on(vector["in"]["read_after_s"])
    assert (await dice("get", key="a"))["exists"] is vector["out"]["exists"]


@pytest.mark.parametrize("vector", NEW_LIVES, ids=vectors.ids(NEW_LIVES))
async def test_a_later_set_decides(dice: Plugin, clock: Clock, vector: dict[str, Any]) -> None:
    for step in vector["in"]["steps"]:
        if "set_ttl" in step:
            await dice("set", key="a", value=1, ttl_seconds=step["set_ttl"])
        clock.go_on(step.get("wait_s", 0))
    assert (await dice("get", key="a"))["exists"] is vector["out"]["exists"]


@pytest.mark.parametrize("vector", PREFIXES, ids=vectors.ids(PREFIXES))
async def test_prefixes_are_literal(dice: Plugin, vector: dict[str, Any]) -> None:
    for key in vector["in"]["keys"]:
        await dice("set", key=key, value=1)
    found = await dice("list", prefix=vector["in"]["prefix"])
    assert found["keys"] == vector["out"]["keys"]


async def test_payloads_stay_data(dice: Plugin, store: Store) -> None:
    before = await tables(store)
    texts = [vector["in"]["stored_value"] for vector in PAYLOADS]
    for text in texts:
        await dice("set", key="value", value=text)
        assert await dice.get("value") == text
        if "\0" in text:
            assert (await dice.refused("set", key=text, value=1)).code is Code.VALIDATION_ERROR
            assert (await dice("list", prefix=text))["keys"] == []
            continue
        await dice("set", key=text, value=text)
        assert await dice.get(text) == text
        assert text in (await dice("list", prefix=text))["keys"]
        await dice("compare_and_set", key=text, expected=text, value={text: [text]})
        assert await dice.get(text) == {text: [text]}
    assert await Plugin(dice.part, "quote").get(texts[0]) is None
    for text in texts:
        if "\0" not in text:
            assert (await dice("delete", key=text))["deleted"]
    assert (await dice("list"))["keys"] == ["value"]
    assert await tables(store) == before


async def tables(store: Store) -> list[str]:
    async with store.engine.connect() as connection:
        names: list[str] = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    return sorted(names)


@pytest.mark.parametrize("op", ["get", "list", "delete", "incr", "compare_and_set"])
async def test_what_has_expired_is_there_for_nobody(dice: Plugin, clock: Clock, op: str) -> None:
    await dice("set", key="a", value=41, ttl_seconds=10)
    clock.go_on(9.999)
    assert await dice.get("a") == 41
    clock.go_on(0.001)
    match op:
        case "get":
            assert await dice("get", key="a") == {"exists": False, "value": None}
        case "list":
            assert (await dice("list"))["keys"] == []
        case "delete":
            assert await dice("delete", key="a") == {"deleted": False}
        case "incr":
            assert await dice("incr", key="a") == {"value": 1}
            clock.go_on(1_000_000)
            assert await dice.get("a") == 1
        case "compare_and_set":
            no = await dice("compare_and_set", key="a", expected=41, value=1)
            assert no == {"swapped": False, "value": None}
            yes = await dice("compare_and_set", key="a", expected=None, value=1)
            assert yes == {"swapped": True, "value": 1}


async def test_keys_are_sorted_by_bytes(dice: Plugin) -> None:
    some = ["é", "z", "Z", "a", "\U0001f600", "\uffff", "a\uffff", "ä", "_", "%", "a b", "A"]
    for key in some:
        await dice("set", key=key, value=1)
    assert (await dice("list"))["keys"] == sorted(some, key=str.encode)


@pytest.mark.parametrize(
    ("prefix", "found"),
    [
        ("a", ["a", "a_", "ab", "a\U0010ffff", "a\U0010ffffz"]),
        ("a\U0010ffff", ["a\U0010ffff", "a\U0010ffffz"]),
        ("\ud7ff", ["\ud7ffx"]),
        ("\U0010ffff", ["\U0010ffff\U0010ffff"]),
        ("_", []),
        ("A", []),
    ],
)
async def test_a_prefix_finds_all_that_begin_with_it(
    dice: Plugin, prefix: str, found: list[str]
) -> None:
    some = ["a", "ab", "a_", "a\U0010ffff", "a\U0010ffffz", "b", "\ud7ffx", "\ue000"]
    for key in [*some, "\U0010ffff\U0010ffff"]:
        await dice("set", key=key, value=1)
    assert (await dice("list", prefix=prefix))["keys"] == found


async def test_incr_loses_nothing(dice: Plugin) -> None:
    await asyncio.gather(*(dice("incr", key="n", by=2) for _ in range(40)))
    assert await dice.get("n") == 80


async def test_incr_and_set_come_one_after_the_other(dice: Plugin) -> None:
    for _ in range(10):
        await asyncio.gather(dice("set", key="n", value=5), dice("incr", key="n"))
        assert await dice.get("n") in (5, 6)
        await dice("delete", key="n")


async def test_incr_is_done_once_for_a_key(dice: Plugin) -> None:
    once = {"key": "n", "idempotency_key": "c-1-0"}
    together = await asyncio.gather(*(dice("incr", **once) for _ in range(8)))
    assert together == [{"value": 1}] * 8
    assert await dice("incr", key="n", idempotency_key="c-1-1") == {"value": 2}
    assert await dice("incr", **once) == {"value": 1}
    assert await Plugin(dice.part, "quote")("incr", **once) == {"value": 1}
    assert await dice.get("n") == 2


async def test_a_life_already_given_goes_on(dice: Plugin, clock: Clock) -> None:
    await dice("incr", key="n", ttl_seconds=10)
    clock.go_on(6)
    await dice("incr", key="n", ttl_seconds=10)
    assert await dice.get("n") == 2
    clock.go_on(4)
    assert await dice.get("n") is None
    await dice("set", key="n", value=1)
    await dice("incr", key="n", ttl_seconds=10)
    clock.go_on(10)
    assert await dice.get("n") is None


@pytest.mark.parametrize(
    ("value", "by", "total"),
    [
        (None, 1, 1),
        (1, 0.5, 1.5),
        (0.5, 0.5, 1.0),
        (5, -7, -2),
        (2**63 - 2, 1, 2**63 - 1),
        (-(2**63) + 1, -1, -(2**63)),
    ],
)
async def test_incr_adds(dice: Plugin, value: Any, by: float, total: float) -> None:
    await dice("set", key="n", value=value)
    reply = await dice("incr", key="n", by=by)
    assert reply == {"value": total}
    assert type(reply["value"]) is type(total)
    assert await dice.get("n") == total


@pytest.mark.parametrize(
    ("value", "by", "field"),
    [
        ("1", 1, "key"),
        (True, 1, "key"),
        ([1], 1, "key"),
        (2**63 - 1, 1, "by"),
        (-(2**63), -1, "by"),
        (10**400, 0.5, "by"),
        (1.7e308, 1.7e308, "by"),
        (1, True, "by"),
        (1, "1", "by"),
        (1, None, "by"),
        (1, float("nan"), "by"),
    ],
)
async def test_incr_refuses(dice: Plugin, value: Any, by: Any, field: str) -> None:
    await dice("set", key="n", value=value)
    refusal = await dice.refused("incr", key="n", by=by)
    assert refusal.code is Code.VALIDATION_ERROR
    assert (refusal.problem.field or "").startswith(field)
    assert await dice.get("n") == value


async def test_only_one_of_many_swaps(dice: Plugin) -> None:
    swaps = [dice("compare_and_set", key="a", expected=None, value=n) for n in range(12)]
    replies = await asyncio.gather(*swaps)
    [won] = [reply["value"] for reply in replies if reply["swapped"]]
    assert {reply["value"] for reply in replies} == {won}
    assert await dice.get("a") == won


async def test_swapping_gives_a_new_life(dice: Plugin, clock: Clock) -> None:
    await dice("set", key="a", value=1, ttl_seconds=5)
    await dice("compare_and_set", key="a", expected=1, value=2)
    clock.go_on(5)
    assert await dice.get("a") == 2
    await dice("compare_and_set", key="a", expected=2, value=3, ttl_seconds=5)
    clock.go_on(5)
    assert await dice.get("a") is None


@pytest.mark.parametrize(
    ("one", "other", "are"),
    [
        (1, 1.0, True),
        (1, True, False),
        (0, False, False),
        (None, False, False),
        ({"a": 1, "b": [1, {}]}, {"b": [1.0, {}], "a": 1}, True),
        ({"a": 1}, {"a": True}, False),
        ([1, 2], [2, 1], False),
        ([1], [1, 1], False),
        ("1", 1, False),
    ],
)
async def test_the_same_json(dice: Plugin, one: Any, other: Any, are: bool) -> None:
    assert same(one, other) is same(other, one) is are
    await dice("set", key="a", value=one)
    reply = await dice("compare_and_set", key="a", expected=other, value="new")
    assert reply["swapped"] is are


@pytest.mark.parametrize(
    ("op", "request_", "code", "field"),
    [
        ("get", {}, Code.MISSING_FIELD, "key"),
        ("get", {"key": ""}, Code.VALIDATION_ERROR, "key"),
        ("get", {"key": "x" * 256}, Code.VALIDATION_ERROR, "key"),
        ("get", {"key": "\ud800"}, Code.VALIDATION_ERROR, "key"),
        ("get", {"key": 1}, Code.VALIDATION_ERROR, "key"),
        ("set", {"key": "a"}, Code.MISSING_FIELD, "value"),
        ("set", {"key": "a", "value": float("inf")}, Code.VALIDATION_ERROR, "value"),
        ("set", {"key": "a", "value": ["\ud800"]}, Code.VALIDATION_ERROR, "value"),
        ("set", {"key": "a", "value": 1, "ttl_seconds": 0}, Code.VALIDATION_ERROR, "ttl_seconds"),
        ("set", {"key": "a", "value": 1, "ttl_seconds": 2**31}, Code.VALIDATION_ERROR, "ttl_"),
        ("set", {"key": "a", "value": 1, "ttl_seconds": "5"}, Code.VALIDATION_ERROR, "ttl_"),
        ("delete", {}, Code.MISSING_FIELD, "key"),
        ("list", {"limit": 0}, Code.VALIDATION_ERROR, "limit"),
        ("list", {"limit": 1001}, Code.VALIDATION_ERROR, "limit"),
        ("list", {"prefix": "\ud800"}, Code.VALIDATION_ERROR, "prefix"),
        ("compare_and_set", {"key": "a", "value": 1}, Code.MISSING_FIELD, "expected"),
        ("compare_and_set", {"key": "a", "expected": 1}, Code.MISSING_FIELD, "value"),
        ("drop", {"key": "a"}, Code.NOT_FOUND, ""),
    ],
)
async def test_nonsense_is_refused(
    dice: Plugin, op: str, request_: dict[str, Any], code: Code, field: str
) -> None:
    refusal = await dice.refused(op, **request_)
    assert refusal.code is code
    assert (refusal.problem.field or "").startswith(field)


async def test_the_longest_of_all(dice: Plugin) -> None:
    await dice("set", key="é" * 255, value=None, ttl_seconds=2**31 - 1)
    assert await dice("get", key="é" * 255) == {"exists": True, "value": None}


async def test_every_write_is_recorded(dice: Plugin, store: Store) -> None:
    await dice("set", key="a", value="x")
    await dice("incr", key="n")
    await dice.refused("incr", key="a")
    await dice("delete", key="a")
    await dice("delete", key="a")
    columns = [audit.c.plugin, audit.c.operation, audit.c.table_name, audit.c.rows, audit.c.outcome]
    async with store.read() as connection:
        found = (await connection.execute(select(*columns).order_by(audit.c.id))).all()
        left = (await connection.execute(select(func.count()).select_from(keys))).scalar()
    assert [tuple(row) for row in found] == [
        ("dice", "set", "db_kv", 1, "done"),
        ("dice", "incr", "db_kv", 1, "done"),
        ("dice", "incr", "db_kv", 0, "VALIDATION_ERROR"),
        ("dice", "delete", "db_kv", 1, "done"),
        ("dice", "delete", "db_kv", 0, "done"),
    ]
    assert left == 1
