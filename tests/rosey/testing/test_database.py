"""The database without a service keeps to the vectors; a property test compares it with both."""

from typing import Any

import pytest

from rosey.contracts.storage import Code
from rosey.storage import Database, StorageError
from rosey.testing import MemoryDatabase
from tests.rosey.testing.conftest import Watch
from tests.rosey.testing.users import ask, definition, empty_users, users
from tests.vectors import ids, load, subset

FILTERS = load("filter_ops", "filter")
UPDATES = load("update_ops", "initial")
UPDATE_REQUESTS = load("update_ops", "update_request")
SEARCHES = [each for each in load("sort_page_aggregate", "search") if "usernames" in each["out"]]
BAD_SEARCHES = [
    each
    for each in load("sort_page_aggregate", "search")
    if "error" in each["out"] and "aggregates" not in each["in"]["search"]
]
AGGREGATES = [
    each for each in load("sort_page_aggregate", "search") if "aggregates" in each["in"]["search"]
]
COERCIONS = load("row_coercion")


def sorting(sort: Any) -> Any:
    return [sort] if isinstance(sort, dict) else sort


@pytest.mark.parametrize("vector", FILTERS, ids=ids(FILTERS))
async def test_filters(vector: dict[str, Any]) -> None:
    database = Database(await users())
    wanted = vector["out"]
    if "error" in wanted:
        with pytest.raises(StorageError) as refused:
            await database.select("users", vector["in"]["filter"])
        assert refused.value.code == wanted["error"]
    else:
        rows = await database.select("users", vector["in"]["filter"])
        assert [row["username"] for row in rows] == wanted["usernames"]
        assert await database.count("users", vector["in"]["filter"]) == len(rows)


@pytest.mark.parametrize("vector", UPDATES, ids=ids(UPDATES))
async def test_updates(vector: dict[str, Any]) -> None:
    database = Database(empty_users())
    given, wanted = vector["in"], vector["out"]
    if given["initial"]:
        await database.insert("users", given["initial"])
    request = given.get("seed_dialect") or {
        "filter": {"username": "u"},
        "update": given["update"] if "update" in given else {"$set": given["data"]},
    }
    if "error" in wanted:
        with pytest.raises(StorageError) as refused:
            await database.update("users", **request)
        assert refused.value.code == wanted["error"]
        return
    updated = await database.update("users", **request)
    assert updated.created is wanted.get("created", False)
    rows = await database.select("users")
    assert len(rows) == ("row" in wanted)
    assert all(subset(wanted["row"], row) for row in rows)


@pytest.mark.parametrize("vector", UPDATE_REQUESTS, ids=ids(UPDATE_REQUESTS))
async def test_requests_to_update(vector: dict[str, Any]) -> None:
    given = vector["in"]["update_request"]
    request = {"table": given["table"], "update": {"$set": given["data"]}}
    if "id" in given:
        request["filter"] = {"id": given["id"]}
    reply = await ask(await users(), "row", "update", request)
    if "error" in vector["out"]:
        assert reply["error"]["code"] == vector["out"]["error"]
    else:
        assert subset(vector["out"], reply)


@pytest.mark.parametrize("vector", SEARCHES, ids=ids(SEARCHES))
async def test_pages(vector: dict[str, Any]) -> None:
    search = vector["in"]["search"]
    request = {
        "table": "users",
        "filter": search.get("filters") or {},
        "order": sorting(search["sort"]),
        **{name: search[name] for name in ("limit", "offset") if name in search},
    }
    reply = await ask(await users(), "row", "select", request)
    names = [row["username"] for row in reply.pop("rows")]
    assert {**reply, "usernames": names} == {"success": True, **vector["out"]}


@pytest.mark.parametrize("vector", BAD_SEARCHES, ids=ids(BAD_SEARCHES))
async def test_pages_that_are_refused(vector: dict[str, Any]) -> None:
    search = {**vector["in"]["search"], "table": "users"}
    if "sort" in search:
        search["order"] = sorting(search.pop("sort"))
    reply = await ask(await users(), "row", "select", search)
    assert reply["error"]["code"] == vector["out"]["error"]


@pytest.mark.parametrize("vector", AGGREGATES, ids=ids(AGGREGATES))
async def test_aggregates(vector: dict[str, Any]) -> None:
    database = Database(await users())
    search, wanted = vector["in"]["search"], vector["out"]
    if "error" in wanted:
        with pytest.raises(StorageError) as refused:
            await database.aggregate("users", search["aggregates"], search["filters"])
        assert refused.value.code == wanted["error"]
    else:
        groups = await database.aggregate("users", search["aggregates"], search["filters"])
        assert groups == [wanted]


@pytest.mark.parametrize("vector", COERCIONS, ids=ids(COERCIONS))
async def test_values(vector: dict[str, Any]) -> None:
    given, wanted = vector["in"], vector["out"]
    database = Database(MemoryDatabase({"t": definition(("a", given["type"]))}))
    if "error" in wanted:
        with pytest.raises(StorageError) as refused:
            await database.insert("t", {"a": given["value"]})
        assert refused.value.code == wanted["error"]
        assert await database.count("t") == 0
    else:
        await database.insert("t", {"a": given["value"]})
        (row,) = await database.select("t")
        assert row["a"] == wanted["stored"]
        assert type(row["a"]) is type(wanted["stored"])


@pytest.mark.parametrize(
    ("op", "request_"),
    [
        ("insert", {"values": [{"username": "x"}]}),
        ("update", {"filter": {"score": 0}, "update": {"$set": {"score": 1}}}),
        ("update", {"filter": {"id": 0}, "update": {"$set": {"username": "a"}}, "upsert": True}),
        ("delete", {"filter": {"score": 0}}),
    ],
)
async def test_another_number_of_rows_than_expected(op: str, request_: dict[str, Any]) -> None:
    memory = await users()
    before = await Database(memory).select("users")
    if "upsert" in request_:
        request_ = {**request_, "filter": {"username": "ghost"}}
    given = {"table": "users", **request_}
    refused = await ask(memory, "row", op, {**given, "expect": 2})
    assert refused["error"]["code"] == Code.CONFLICT
    assert await Database(memory).select("users") == before
    assert (await ask(memory, "row", op, {**given, "expect": 1}))["success"]


async def test_a_batch_is_done_or_not() -> None:
    memory = await users()
    database = Database(memory)
    delete = {"op": "delete", "table": "users", "filter": {}}
    count = {"op": "count", "table": "users"}
    assert await database.batch([delete, count]) == [
        {"success": True, "deleted": 6},
        {"success": True, "count": 0},
    ]
    insert = {"op": "insert", "table": "users", "values": {"username": "x"}}
    for wrong, code in (
        ({"op": "insert", "table": "users", "values": {}}, Code.VALIDATION_ERROR),
        ({"op": "batch", "operations": [insert]}, Code.VALIDATION_ERROR),
        ({"op": ["insert"]}, Code.VALIDATION_ERROR),
        ({"table": "users"}, Code.MISSING_FIELD),
        ({"op": "delete", "table": "users", "filter": {}, "expect": 2}, Code.CONFLICT),
    ):
        with pytest.raises(StorageError) as refused:
            await database.batch([insert, wrong])
        assert refused.value.code is code
    assert await database.count("users") == 0


async def test_a_repeat_does_nothing_more(watch: Watch) -> None:
    database = Database(empty_users())
    first = await database.insert("users", {"username": "a"}, key="k")
    watch.wait(hours=23)
    assert await database.insert("users", {"username": "a"}, key="k") == first
    assert await database.count("users") == 1
    assert [await database.keys.incr("n", 2, once="n") for _ in range(2)] == [2, 2]
    watch.wait(hours=1)
    assert await database.insert("users", {"username": "a"}, key="k") != first


async def test_a_repeat_inside_of_a_batch() -> None:
    database = Database(empty_users())
    insert = {"op": "insert", "table": "users", "values": {"username": "a"}}
    once = {**insert, "idempotency_key": "once"}
    wrong = {"op": "insert", "table": "users", "values": {}}
    with pytest.raises(StorageError):
        await database.batch([once, wrong])
    await database.batch([once, once, insert])
    assert await database.insert("users", {"username": "a"}, key="once") == [2]
    assert await database.count("users") == 2
    with pytest.raises(StorageError) as refused:
        await database.batch([{**insert, "idempotency_key": "batch"}], key="batch")
    assert refused.value.code is Code.VALIDATION_ERROR


async def test_what_was_refused_may_come_again() -> None:
    database = Database(MemoryDatabase({"t": definition(("a", "integer"), required="a")}))
    with pytest.raises(StorageError):
        await database.insert("t", {}, key="k")
    assert await database.insert("t", {"a": 1}, key="k")


@pytest.mark.parametrize(
    ("kind", "op", "request_", "code"),
    [
        ("sql", "query", {"query": "SELECT 1"}, Code.NOT_FOUND),
        ("row", "drop", {}, Code.NOT_FOUND),
        ("row", "get", {"key": "a"}, Code.NOT_FOUND),
        ("web", "get", {"key": "a"}, Code.NOT_FOUND),
        ("row", "insert", "[", Code.INVALID_JSON),
        ("row", "insert", [], Code.INVALID_JSON),
        ("row", "insert", {"table": "users"}, Code.MISSING_FIELD),
        ("row", "insert", {"table": "users", "values": []}, Code.VALIDATION_ERROR),
        ("row", "insert", {"table": "users", "values": [{}] * 1001}, Code.VALIDATION_ERROR),
        ("row", "insert", {"table": "users", "values": {"id": 1}}, Code.VALIDATION_ERROR),
        ("row", "count", {"table": "nope"}, Code.VALIDATION_ERROR),
        ("kv", "set", '{"key": "a", "value": NaN}', Code.INVALID_JSON),
        ("kv", "incr", {"key": "a", "by": "5"}, Code.VALIDATION_ERROR),
        ("kv", "incr", {"key": "a", "by": True}, Code.VALIDATION_ERROR),
        ("kv", "get", {"key": "a\0"}, Code.VALIDATION_ERROR),
        ("kv", "incr", {"key": "a", "ttl_seconds": 0}, Code.VALIDATION_ERROR),
    ],
)
async def test_refusals(kind: str, op: str, request_: Any, code: Code) -> None:
    reply = await ask(await users(), kind, op, request_)
    assert reply["success"] is False
    assert reply["error"]["code"] == code
    assert reply["error"]["message"].endswith((".", "'."))
