"""Repeats, expectations, and several operations at once."""

import asyncio
from typing import Any

import pytest

from core.database.problems import Refusal
from core.database.store import Store
from rosey.contracts.storage import Code
from tests.core.database.tables import inc, kept_keys, records, scores, update, users6

REFUSED = {"error": "VALIDATION_ERROR"}
CONFLICT = {"error": "CONFLICT"}


async def test_unexpected_numbers_of_rows_keep_nothing(store: Store) -> None:
    made = await users6(store)
    before = await made.all()
    one = {"table": "users", "expect": 1, "idempotency_key": "once"}
    active = {"filter": {"status": "active"}}
    assert await made.outcome("delete", **one, **active) == CONFLICT
    assert await made.outcome("update", **one, **active, update={"$inc": {"score": 1}}) == CONFLICT
    assert await made.outcome("insert", **one, values=[{"username": "x"}] * 2) == CONFLICT
    assert await made.all() == before
    assert await kept_keys(store) == []
    assert await made.ask("delete", **one, filter={"username": "eve"}) == {"deleted": 1}


async def test_a_repeat_gives_the_first_result(store: Store) -> None:
    made = await scores(store)
    once = {"table": "scores", "idempotency_key": "c-1-0"}
    first = await made.ask("insert", **once, values=[{"name": "a"}, {"name": "b"}])
    assert await made.ask("insert", **once, values={"name": "c"}) == first
    assert len(await made.all("scores")) == 2


async def test_repeats_at_the_same_time_count_once(store: Store) -> None:
    made = await scores(store, score=0)
    replies = await asyncio.gather(
        *(update(made, {"$inc": {"score": 1}}, idempotency_key="same") for _ in range(20))
    )
    assert replies == [{"updated": 1, "exists": True, "created": False}] * 20
    assert (await made.all("scores"))[0]["score"] == 1


async def test_changes_at_the_same_time_all_count(store: Store) -> None:
    made = await scores(store, score=0)
    await asyncio.gather(*(update(made, {"$inc": {"score": n}}) for n in range(20)))
    assert (await made.all("scores"))[0]["score"] == 190


async def test_a_batch_sees_its_own_changes(store: Store) -> None:
    made = await scores(store)
    reply = await made.ask(
        "batch",
        operations=[
            {"op": "insert", "table": "scores", "values": [{"name": "a"}, {"name": "b"}]},
            inc(3, filter={"name": "a"}),
            {"op": "count", "table": "scores"},
            {"op": "aggregate", "table": "scores", "aggregates": {"sum": {"$sum": "score"}}},
            {"op": "delete", "table": "scores", "filter": {"name": "b"}},
            {"op": "select", "table": "scores"},
        ],
    )
    results = reply["results"]
    assert [result.pop("success") for result in results] == [True] * 6
    assert results[:3] == [
        {"ids": [1, 2], "id": None, "count": 2},
        {"updated": 1, "exists": True, "created": False},
        {"count": 2},
    ]
    assert results[3]["groups"] == [{"sum": 3}]
    assert results[4] == {"deleted": 1}
    assert [row["name"] for row in results[5]["rows"]] == ["a"]
    assert await records(store) == [("batch", "scores", 4, "done")]


@pytest.mark.parametrize(
    ("last", "code"),
    [
        ({"op": "delete", "table": "scores", "filter": {}, "expect": 5}, Code.CONFLICT),
        ({"op": "select", "table": "none"}, Code.VALIDATION_ERROR),
        ({"op": "delete", "table": "scores"}, Code.MISSING_FIELD),
        ({"table": "scores"}, Code.MISSING_FIELD),
        ({"op": "batch", "operations": []}, Code.VALIDATION_ERROR),
        ({"op": ["insert"], "table": "scores"}, Code.VALIDATION_ERROR),
    ],
)
async def test_a_batch_is_all_or_nothing(store: Store, last: dict[str, Any], code: Code) -> None:
    made = await scores(store, score=1)
    before = await made.all("scores")
    operations = [
        {"op": "insert", "table": "scores", "values": {"name": "b"}, "idempotency_key": "inner"},
        inc(1),
        last,
    ]
    with pytest.raises(Refusal) as refused:
        await made.ask("batch", operations=operations, idempotency_key="outer")
    assert refused.value.code is code
    assert str(refused.value).startswith("Operation 2: ")
    assert (refused.value.problem.field or "").startswith("operations.2")
    assert await made.all("scores") == before
    assert await kept_keys(store) == []
    assert (await records(store))[-1] == ("batch", "scores", 0, code)


async def test_a_batch_is_repeated_as_a_whole(store: Store) -> None:
    made = await scores(store, score=1)
    replies = await asyncio.gather(
        *(made.ask("batch", operations=[inc(1)], idempotency_key="k") for _ in range(8))
    )
    assert replies == [replies[0]] * 8
    assert (await made.all("scores"))[0]["score"] == 2


async def test_operations_of_a_batch_are_repeated_one_by_one(store: Store) -> None:
    made = await scores(store, score=0)

    one, two, three = ({"idempotency_key": key} for key in ("k1", "k2", "k3"))
    first = await made.ask("batch", operations=[inc(1, **one), inc(10, **two), inc(10, **two)])
    second = await made.ask("batch", operations=[inc(10, **two), inc(100, **three)])
    assert len({str(result) for result in first["results"] + second["results"]}) == 1
    assert (await made.all("scores"))[0]["score"] == 111
    assert await records(store) == [
        ("insert", "scores", 1, "done"),
        ("batch", "scores", 2, "done"),
        ("batch", "scores", 1, "done"),
    ]


async def test_a_batch_and_its_operation_need_their_own_keys(store: Store) -> None:
    made = await scores(store)
    one = {"op": "insert", "table": "scores", "values": {"name": "a"}, "idempotency_key": "k"}
    assert await made.outcome("batch", operations=[one], idempotency_key="k") == REFUSED
    assert await made.all("scores") == []


async def test_a_batch_that_begins_with_nonsense(store: Store) -> None:
    made = await scores(store)
    with pytest.raises(Refusal, match="Operation 0: There is no table 'none'"):
        await made.ask("batch", operations=[{"op": "count", "table": "none"}, inc(1)])
    assert await made.outcome("batch", operations=[]) == REFUSED
    assert await made.outcome("batch") == {"error": "MISSING_FIELD"}
    assert await records(store) == []
