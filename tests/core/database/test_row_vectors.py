"""The vectors of rows, on both databases."""

import json
from collections.abc import Awaitable, Callable
from typing import Any, get_args

import pytest
from pydantic import TypeAdapter, ValidationError

from core.database.store import Store
from rosey.contracts.storage import FieldType, TableDefinition, TableName
from tests.core.database.tables import Desk, desk, fields, users, users6
from tests.vectors import ids, load, subset

Vector = dict[str, Any]

FILTERS = load("filter_ops", "filter")
UPDATES = load("update_ops")
COERCIONS = load("row_coercion")
SCHEMAS = load("row_schema", "schema")
NAMES = load("row_schema", "table_name")
PAGES = load("sort_page_aggregate")
PAYLOADS = load("injection_payloads")


async def test_filters(store: Store) -> None:
    made = await users6(store)

    async def outcome(given: Vector) -> Vector:
        order = [{"field": "id"}]
        asked = {"table": "users", "filter": given["filter"], "order": order}
        return _named(await made.outcome("select", **asked))

    assert await _wrong(FILTERS, outcome) == {}


async def test_sorting_pages_and_aggregates(store: Store) -> None:
    made = await users6(store)

    async def outcome(given: Vector) -> Vector:
        op, request = _search(given["search"])
        outcome = await made.outcome(op, table="users", **request)
        groups = outcome.pop("groups", [])
        return _named(outcome | (groups[0] if len(groups) == 1 else {}))

    assert await _wrong(PAGES, outcome) == {}


async def _wrong(vectors: list[Vector], outcome: Callable[[Vector], Awaitable[Vector]]) -> Vector:
    """What came out of vectors where something else should have."""
    outcomes = {vector["id"]: await outcome(vector["in"]) for vector in vectors}
    right = {vector["id"]: vector["out"] for vector in vectors}
    return {name: out for name, out in outcomes.items() if not subset(right[name], out)}


def _search(search: Vector) -> tuple[str, Vector]:
    request = {name: search[name] for name in search if name not in ("filters", "sort")}
    request["filter"] = search.get("filters") or {}
    if "sort" in search:
        request["order"] = search["sort"]
    return "aggregate" if "aggregates" in search else "select", request


def _named(outcome: Vector) -> Vector:
    return outcome | {"usernames": [row["username"] for row in outcome.get("rows", [])]}


async def test_updates(store: Store) -> None:
    made = await users(store)

    async def outcome(given: Vector) -> Vector:
        await made.ask("delete", table="users", filter={})
        initial = given.get("initial")
        id = (await made.ask("insert", table="users", values=initial))["id"] if initial else 0
        outcome = await made.outcome("update", **_update(given, id))
        rows = await made.all()
        if "error" in outcome and rows:
            assert subset(initial, rows[0])
        row = rows[0] if rows else None
        return outcome | {"success": "error" not in outcome, "row": row}

    assert await _wrong(UPDATES, outcome) == {}


def _update(given: Vector, id: int) -> Vector:
    if "update_request" in given:
        asked = dict(given["update_request"])
        if "id" in asked:
            asked["filter"] = {"id": asked.pop("id")}
        return asked | {"update": {"$set": asked.pop("data")}}
    if "seed_dialect" in given:
        return {"table": "users", **given["seed_dialect"]}
    update = {"$set": given["data"]} if "data" in given else given["update"]
    return {"table": "users", "filter": {"id": id}, "update": update}


async def test_coercion(store: Store) -> None:
    types = get_args(FieldType)
    made = await desk(store, **{type: fields(value=type) for type in types})

    async def outcome(given: Vector) -> Vector:
        table = given["type"]
        await made.ask("delete", table=table, filter={})
        outcome = await made.outcome("insert", table=table, values={"value": given["value"]})
        rows = await made.all(table)
        assert len(rows) == outcome.get("count", 0)
        # `1 == 1.0 == True` in Python and not in JSON.
        return outcome | {"stored": json.dumps(rows[0]["value"]) if rows else None}

    vectors = [vector | {"out": _as_json(vector["out"])} for vector in COERCIONS]
    assert await _wrong(vectors, outcome) == {}


def _as_json(out: Vector) -> Vector:
    return {"stored": json.dumps(out["stored"])} if "stored" in out else out


@pytest.mark.parametrize("vector", SCHEMAS, ids=ids(SCHEMAS))
def test_schemas(vector: Vector) -> None:
    assert _is_valid(TypeAdapter(TableDefinition), vector["in"]["schema"]) == vector["out"]["valid"]


@pytest.mark.parametrize("vector", NAMES, ids=ids(NAMES))
def test_table_names(vector: Vector) -> None:
    assert _is_valid(TypeAdapter(TableName), vector["in"]["table_name"]) == vector["out"]["valid"]


def _is_valid(type: TypeAdapter[Any], value: Any) -> bool:
    try:
        type.validate_python(value)
    except ValidationError:
        return False
    return True


async def test_hostile_values_stay_data(store: Store) -> None:
    made = await desk(store, things=fields(short="string", long="text"), others=fields(a="text"))
    await made.ask("insert", table="others", values={"a": "unharmed"})
    for vector in PAYLOADS:
        await _round_trip(made, vector["in"]["stored_value"])
    assert (await made.all("others"))[0]["a"] == "unharmed"


async def _round_trip(made: Desk, payload: str) -> None:
    stored = await made.outcome(
        "insert", table="things", values={"short": payload, "long": payload}
    )
    if "\0" in payload:
        assert stored == {"error": "VALIDATION_ERROR"}
        return
    for name in ("short", "long"):
        for wanted in (payload, {"$in": [payload]}, {"$like": _literally(payload)}):
            asked = {"table": "things", "filter": {name: wanted}}
            assert [row[name] for row in (await made.ask("select", **asked))["rows"]] == [payload]
    asked = {"table": "things", "filter": {"short": payload}}
    changed = await made.ask("update", **asked, update={"$set": {"long": payload + payload}})
    assert changed["updated"] == 1
    assert (await made.ask("select", **asked))["rows"][0]["long"] == payload + payload
    assert await made.ask("delete", **asked) == {"deleted": 1}


def _literally(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


async def test_hostile_names_are_refused(store: Store) -> None:
    made = await users6(store)
    for vector in PAYLOADS:
        await _refused_as_a_name(made, vector["in"]["stored_value"])
    assert len(await made.all()) == 6


async def _refused_as_a_name(made: Desk, payload: str) -> None:
    refused = {"error": "VALIDATION_ERROR"}
    requests: list[Vector] = [
        {"filter": {payload: 1}},
        {"filter": {"username": {payload: 1}}},
        {"filter": {payload: [{"username": "alice"}]}},
        {"order": [{"field": payload}]},
    ]
    for request in requests:
        assert await made.outcome("select", table="users", **request) == refused
    assert await made.outcome("select", table=payload) == refused
    assert await made.outcome("insert", table="users", values={payload: 1}) == refused
    for update in ({"$set": {payload: 1}}, {"$inc": {payload: 1}}, {payload: {"score": 1}}):
        assert await made.outcome("update", table="users", filter={}, update=update) == refused
    for aggregates in (
        {payload: {"$count": "*"}},
        {"n": {payload: "id"}},
        {"n": {"$sum": payload}},
    ):
        request = {"table": "users", "aggregates": aggregates}
        assert await made.outcome("aggregate", **request) == refused
    counted = {"table": "users", "aggregates": {"n": {"$count": "*"}}, "group_by": [payload]}
    assert await made.outcome("aggregate", **counted) == refused
