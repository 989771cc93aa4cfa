"""What the vectors do not say of rows in memory."""

from typing import Any

import pytest

from rosey.contracts.storage import Code
from rosey.storage import Database, StorageError
from rosey.testing import MemoryDatabase
from tests.rosey.testing.conftest import Watch
from tests.rosey.testing.users import ask, definition, empty_users, users
from tests.vectors import subset


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ({"$not": {"a": "x"}}, [1]),
        ({"$not": {"$and": [{"a": "x"}, {"b": 1}]}}, [1, 4]),
        ({"$not": {"$or": [{"a": "x"}, {"b": 1}]}}, []),
        ({"$or": [{"a": "x"}, {"b": 1}]}, [0, 1, 2, 3]),
        ({"$not": {"a": {"$in": ["x"]}}}, [1]),
        ({"a": {"$nin": ["x"]}}, [1]),
        ({"a": {"$ne": "x"}}, [1]),
        ({"a": {"$ne": None}}, [0, 1, 2]),
        ({"a": {"$eq": None}, "b": {"$exists": True}}, [3, 4]),
        ({"$not": {"b": {"$gt": 0}}}, [4]),
        ({"$not": {}}, []),
        ({"b": {"$gte": "1", "$lt": 1.9}}, []),
    ],
)
async def test_null_leaves_open(condition: dict[str, Any], found: list[int]) -> None:
    database = Database(MemoryDatabase({"t": definition(("a", "string"), ("b", "integer"))}))
    rows = [("x", None), ("y", 1), ("x", 1), (None, 1), (None, 0)]
    first, *_ = await database.insert("t", [{"a": a, "b": b} for a, b in rows])
    assert [row["id"] - first for row in await database.select("t", condition)] == found


@pytest.mark.parametrize(
    ("sign", "pattern", "found"),
    [
        ("$like", "a%b", ["a%b", "axb", "axx\nb", "ab", "a\\b"]),
        ("$like", r"a\%b", ["a%b"]),
        ("$like", r"a\\b", ["a\\b"]),
        ("$like", "_", ["É", "é", "😀"]),
        ("$like", "É", ["É"]),
        ("$ilike", "É", ["É", "é"]),
        ("$ilike", r"\AXB", ["axb"]),
        ("$like", "", [""]),
        ("$like", "%%", ["a%b", "axb", "axx\nb", "ab", "a\\b", "É", "é", "😀", ""]),
    ],
)
async def test_patterns(sign: str, pattern: str, found: list[str]) -> None:
    database = Database(MemoryDatabase({"t": definition(("a", "text"))}))
    texts = ["a%b", "axb", "axx\nb", "ab", "a\\b", "É", "é", "😀", "", None]
    await database.insert("t", [{"a": text} for text in texts])
    rows = await database.select("t", {"a": {sign: pattern}})
    assert [row["a"] for row in rows] == found


def deep(levels: int) -> dict[str, Any]:
    return {"$not": deep(levels - 1)} if levels else {"score": 1}


@pytest.mark.parametrize(
    "condition",
    [
        {"username": {"$like": "a\\"}},
        {"username": {"$like": "a\0"}},
        {"username": {"$like": "x" * 10_001}},
        {"$or": [{"score": {"$in": [1] * 5_000}}, {"score": {"$nin": [1] * 5_001}}]},
        {"username": {}},
        {"username": ["a"]},
        {"username": {"$eq": {"a": 1}}},
        {"username": "x" * 256},
        {"username": {"$in": ["a", None]}},
        {"score": {"$gt": None}},
        {"score": 2**63},
        {"rating": 10**400},
        {"score": "1_000"},
        {"seen": "0001-01-01T00:00:00+05:00"},
        {"seen": "tomorrow"},
        {"active": "maybe"},
        {"active": 2},
        {"$or": ["a"]},
        {"$and": [{"score": {"$ne": number}} for number in range(201)]},
        deep(21),
    ],
)
async def test_filters_that_are_refused(condition: dict[str, Any]) -> None:
    with pytest.raises(StorageError) as refused:
        await Database(await users()).count("users", condition)
    assert refused.value.code is Code.VALIDATION_ERROR


async def test_filters_as_large_as_allowed() -> None:
    database = Database(await users())
    many = {"$and": [{"score": {"$ne": number, "$gte": -number}} for number in range(1, 101)]}
    assert await database.count("users", many) == 3
    assert await database.count("users", deep(20)) == 0


@pytest.mark.parametrize(
    "update",
    [
        {"$set": {}},
        {"$set": "a"},
        {"$set": {"username": None}},
        {"$set": {"nope": 1}},
        {"$set": {"score": 1}, "$inc": {"score": 1}},
        {"$inc": {"score": True}},
        {"$inc": {"score": "1"}},
        {"$inc": {"score": 2**63}},
        {"$inc": {"score": 2**63 - 1}},
        {"$inc": {"rating": 10**400}},
        {"$mul": {"rating": 1.7e308}},
        {"$mul": {"score": 1e300}},
        {"$max": {"score": None}},
        {"$max": {"seen": 5}},
        {"$min": {"active": True}},
        {"$push": {"score": 1}},
        {"score": 1},
    ],
)
async def test_updates_that_are_refused_change_nothing(update: dict[str, Any]) -> None:
    database = Database(await users())
    before = await database.select("users")
    with pytest.raises(StorageError) as refused:
        await database.update("users", {}, update)
    assert refused.value.code is Code.VALIDATION_ERROR
    assert await database.select("users") == before


@pytest.mark.parametrize(
    ("update", "a", "b", "c"),
    [
        ({"$inc": {"a": -1.5, "b": 2}}, -1, 2.0, None),
        ({"$mul": {"a": 3, "b": 3}}, 0, 0.0, None),
        ({"$max": {"a": -3, "b": -3, "c": "2025-01-01"}}, 0, 0.0, "2025-01-01T00:00:00Z"),
        ({"$min": {"a": -3, "b": -3, "c": "2025-01-01"}}, -3, -3.0, "2025-01-01T00:00:00Z"),
    ],
)
async def test_null_in_updates(update: dict[str, Any], a: int, b: float, c: str | None) -> None:
    fields = definition(("a", "integer"), ("b", "float"), ("c", "datetime"))
    database = Database(MemoryDatabase({"t": fields}))
    await database.insert("t", {})
    await database.update("t", {}, update)
    (row,) = await database.select("t")
    assert (row["a"], row["b"], row["c"]) == (a, b, c)
    assert isinstance(row["b"], float) is isinstance(b, float)


async def test_what_an_upsert_makes() -> None:
    database = Database(empty_users())
    condition = {"username": {"$eq": "a"}, "score": 5, "$or": [{"rating": 1}], "bio": {"$ne": "b"}}
    update = {"$inc": {"score": 2}, "$set": {"status": "new"}, "$max": {"seen": "2025-01-01"}}
    made = await database.update("users", condition, update, upsert=True)
    assert (made.created, made.exists, made.updated) == (True, True, 0)
    (row,) = await database.select("users")
    wanted = {"username": "a", "score": 7, "status": "new", "rating": None, "bio": None}
    assert subset(wanted, row)
    assert row["seen"] == "2025-01-01T00:00:00Z"


@pytest.mark.parametrize("condition", [{"score": 5}, {"id": 5, "username": "a"}])
async def test_an_upsert_that_cannot_make_a_row(condition: dict[str, Any]) -> None:
    database = Database(empty_users())
    with pytest.raises(StorageError) as refused:
        await database.update("users", condition, {"$set": {"bio": "a"}}, upsert=True)
    assert refused.value.code is Code.VALIDATION_ERROR
    assert await database.count("users") == 0


async def test_times_of_a_row(watch: Watch) -> None:
    database = Database(await users())
    watch.wait(microseconds=5)
    await database.update("users", {"username": "bob"}, {"$inc": {"score": 0}})
    alice, bob = await database.select("users", order=["-created_at"], limit=2)
    assert alice["created_at"] == alice["updated_at"] == bob["created_at"]
    assert alice["created_at"] == "2025-01-01T00:00:00Z"
    assert bob["updated_at"] == "2025-01-01T00:00:00.000005Z"


async def test_order_of_null_and_of_letters() -> None:
    database = Database(MemoryDatabase({"t": definition(("a", "string"))}))
    await database.insert("t", [{"a": a} for a in ("b", None, "a", "é", "Z", None)])
    rows = await database.select("t", order=["a"])
    assert [row["a"] for row in rows] == [None, None, "Z", "a", "b", "é"]
    rows = await database.select("t", order=["-a"], limit=5, offset=1)
    assert [(row["a"], row["id"]) for row in rows[-2:]] == [(None, 2), (None, 6)]


async def test_groups() -> None:
    database = Database(await users())
    makers = {"n": {"$count": "*"}, "m": {"$count": "email"}, "s": {"$sum": "score"}}
    makers |= {"a": {"$avg": "rating"}, "first": {"$min": "seen"}, "name": {"$max": "username"}}
    groups = await database.aggregate("users", makers, group_by=["active"], order=["-a"], limit=1)
    assert groups == [
        {
            "active": True,
            "n": 3,
            "m": 3,
            "s": 200,
            "a": 2.5,
            "first": "2025-01-01T00:00:00Z",
            "name": "eve",
        }
    ]
    assert await database.aggregate("users", makers, {"id": 0}, group_by=["active"]) == []
    by_status = await database.aggregate("users", {"n": {"$count": "*"}}, group_by=["status"])
    assert [each["n"] for each in by_status] == [3, 1, 1, 1]


@pytest.mark.parametrize(
    "request_",
    [
        {"aggregates": {"status": {"$count": "*"}}, "group_by": ["status"]},
        {"aggregates": {"n": {"$count": "*"}}, "group_by": ["nope"]},
        {"aggregates": {"n": {"$count": "*"}}, "order": [{"field": "score"}]},
        {"aggregates": {"n": {"$max": "active"}}},
        {"aggregates": {"n": {"$max": "*"}}},
        {"aggregates": {"n": {"$sum": ["score"]}}},
        {"aggregates": {}},
    ],
)
async def test_aggregates_that_are_refused(request_: dict[str, Any]) -> None:
    reply = await ask(await users(), "row", "aggregate", {"table": "users", **request_})
    assert reply["error"]["code"] == Code.VALIDATION_ERROR


async def test_sums_are_exact_or_refused() -> None:
    database = Database(MemoryDatabase({"t": definition(("a", "integer"), ("b", "float"))}))
    largest = 2**63 - 1
    await database.insert("t", [{"a": largest}, {"a": largest}, {"a": -largest}])
    sum_of_a = {"s": {"$sum": "a"}}
    assert await database.aggregate("t", sum_of_a) == [{"s": largest}]
    groups = await database.aggregate("t", sum_of_a, group_by=["b"], order=["s"], limit=1)
    assert groups == [{"b": None, "s": largest}]
    with pytest.raises(StorageError) as too_large:
        await database.aggregate("t", sum_of_a, {"a": {"$gt": 0}})
    assert too_large.value.code is Code.VALIDATION_ERROR
    await database.update("t", {}, {"$set": {"a": 1, "b": 1.7e308}})
    with pytest.raises(StorageError) as refused:
        await database.aggregate("t", {"s": {"$sum": "b"}})
    assert refused.value.code is Code.VALIDATION_ERROR


async def test_each_its_own() -> None:
    fields = definition(("game", "string"), ("round", "integer"))
    memory = MemoryDatabase({"games": fields}, unique={"games": [["game", "round"]]})
    database = Database(memory)
    await database.insert("games", [{"game": "a", "round": 1}, {"game": "a", "round": 2}])
    await database.insert("games", [{"game": "a"}, {"game": "a"}])
    for write in (
        database.insert("games", [{"game": "b"}, {"game": "a", "round": 2}]),
        database.update("games", {"round": 1}, {"$inc": {"round": 1}}),
    ):
        with pytest.raises(StorageError) as refused:
            await write
        assert refused.value.code is Code.CONFLICT
    assert await database.count("games") == 4
    with pytest.raises(ValueError, match="nope"):
        memory.declare("other", fields, [["nope"]])
