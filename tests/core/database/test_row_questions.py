"""What filters, orders and aggregates promise beyond the vectors."""

from typing import Any

import pytest

from core.database.store import Store
from tests.core.database.tables import Desk, desk, fields, users6

REFUSED = {"error": "VALIDATION_ERROR"}
LARGEST = 2**63 - 1
THINGS = fields(
    name="string", long="text", whole="integer", part="float", flag="boolean", at="datetime"
)


async def things(store: Store, *rows: dict[str, Any]) -> Desk:
    made = await desk(store, things=THINGS)
    if rows:
        await made.ask("insert", table="things", values=list(rows))
    return made


async def found(made: Desk, filter: dict[str, Any], *order: Any) -> list[int]:
    """Ids of what matches."""
    reply = await made.ask("select", table="things", filter=filter, order=list(order))
    return [row["id"] for row in reply["rows"]]


MATCHES: list[tuple[dict[str, Any], list[int]]] = [
    ({"whole": {"$ne": 1}}, [2]),
    ({"$not": {"whole": 1}}, [2]),
    ({"$not": {"whole": {"$gt": 1}}}, [1]),
    ({"$not": {"whole": {"$in": [1]}}}, [2]),
    ({"whole": {"$nin": [1]}}, [2]),
    ({"$not": {"name": {"$like": "a%"}}}, [2]),
    ({"$or": [{"whole": {"$gt": 0}}, {"flag": None}]}, [1, 2, 3]),
    ({"$not": {"whole": 5, "name": "a"}}, [1, 2]),
    ({"whole": None}, [3]),
    ({"whole": {"$eq": None}}, [3]),
    ({"whole": {"$ne": None}}, [1, 2]),
    ({"whole": {"$exists": True}}, [1, 2]),
    ({"whole": {"$null": True}}, [3]),
    ({"$not": {"whole": None}}, [1, 2]),
    ({"whole": {"$gte": 1, "$lt": 2}}, [1]),
    ({"whole": {"$gte": 2, "$lt": 2}}, []),
    ({"whole": "1"}, [1]),
    ({"whole": {"$gt": 0.9}}, [1, 2]),
    ({"part": {"$lte": "1.5"}}, [1]),
    ({"flag": "Yes"}, [1]),
    ({"flag": {"$in": ["off", 1]}}, [1, 2]),
    ({"at": "2025-01-01T01:00:00+01:00"}, [1]),
    ({"at": {"$gt": "2025-01-01"}}, [2]),
    ({"at": {"$in": ["2025-01-01T00:00:00Z"]}}, [1]),
    ({"created_at": {"$gt": "2020-01-01"}, "id": {"$lt": 3}}, [1, 2]),
    ({"$not": {}}, []),
    ({"$and": [{}]}, [1, 2, 3]),
    ({"$or": [{"whole": 1}, {}]}, [1, 2, 3]),
]


async def test_what_matches(store: Store) -> None:
    made = await things(
        store,
        {"name": "a", "whole": 1, "part": 1.5, "flag": True, "at": "2025-01-01"},
        {"name": "b", "whole": 2, "part": 2.5, "flag": False, "at": "2025-01-01T00:00:00.000001Z"},
        {},
    )
    for filter, ids in MATCHES:
        assert await found(made, filter) == ids, filter
        assert (await made.ask("count", table="things", filter=filter))["count"] == len(ids)


PATTERNS: list[tuple[str, str, list[str]]] = [
    ("$like", "%a%", ["a%b"]),
    ("$like", "A%", ["A_b"]),
    ("$ilike", "a%", ["a%b", "A_b"]),
    ("$like", r"a\%b", ["a%b"]),
    ("$like", r"%\_%", ["A_b"]),
    ("$like", r"\\%", ["\\c"]),
    ("$like", r"\É%", ["École"]),
    ("$ilike", "école", ["École"]),
    ("$like", "école", []),
    ("$ilike", "ПРИВЕТ", ["Привет"]),
    ("$like", "_", ["😀"]),
    ("$ilike", "straße", []),
    ("$ilike", r"A\_B", ["A_b"]),
    ("$like", "", []),
]


async def test_patterns(store: Store) -> None:
    kept = ["a%b", "A_b", "\\c", "École", "Привет", "😀", "STRASSE"]
    made = await things(store, *({"name": name, "long": name} for name in kept))
    for sign, pattern, names in PATTERNS:
        for field in ("name", "long"):
            ids = await found(made, {field: {sign: pattern}})
            assert [kept[id - 1] for id in ids] == names, (sign, pattern)


UNSOUND: list[dict[str, Any]] = [
    {"name": {"$like": "a\\"}},
    {"name": {"$like": "a\\\\\\"}},
    {"name": {"$like": 5}},
    {"name": {"$like": "a\0"}},
    {"name": {"$ilike": "\ud800"}},
    {"name": {"$like": "%" * 10_001}},
    {"whole": {"$like": "1"}},
    {"whole": {"$in": [1, None]}},
    {"whole": {"$in": [[1]]}},
    {"whole": {"$gt": None}},
    {"whole": {}},
    {"whole": [1]},
    {"whole": {"$not": {"$gt": 1}}},
    {"whole": 2**63},
    {"flag": {"$gt": False}},
    {"flag": "perhaps"},
    {"at": 5},
    {"at": "soon"},
    {"at": "0001-01-01T00:00:00+01:00"},
    {"part": "inf"},
    {"name": "x" * 256},
    {"whole": {"$null": 1}},
    {"whole": {"$exists": None}},
    {"$or": []},
    {"$or": [1]},
    {"$nor": [{"whole": 1}]},
    {"$not": None},
    {"$or": [{"whole": n} for n in range(201)]},
    {"$and": [{"$or": [{"whole": 1}] * 101}, {"$or": [{"whole": 1}] * 100}]},
    {"$or": [{}] * 201},
    {"whole": {"$in": list(range(10_001))}},
]


async def test_unsound_filters(store: Store) -> None:
    made = await things(store, {"name": "a"})
    for filter in UNSOUND:
        assert await made.outcome("select", table="things", filter=filter) == REFUSED, filter
        assert await made.outcome("delete", table="things", filter=filter) == REFUSED, filter
    assert await found(made, {}) == [1]


async def test_large_and_deep_filters_that_are_sound(store: Store) -> None:
    made = await things(store, {"whole": 1})
    assert await found(made, {"$or": [{"whole": n} for n in range(200)]}) == [1]
    assert await found(made, {"whole": {"$in": list(range(10_000))}}) == [1]
    assert await found(made, {"name": {"$like": "%" * 10_000}}) == []
    assert await found(made, _nots(20, {"whole": 1})) == [1]
    deeper = _nots(21, {"whole": 1})
    assert await made.outcome("select", table="things", filter=deeper) == REFUSED


def _nots(number: int, filter: dict[str, Any]) -> dict[str, Any]:
    return {"$not": _nots(number - 1, filter)} if number else filter


async def test_order(store: Store) -> None:
    names = ["b", None, "a", "B", "é", "Z", "z", "😀", "\uffee", None, "a"]
    made = await things(store, *({"name": name, "whole": n % 3} for n, name in enumerate(names)))
    by_bytes = [2, 10, 4, 6, 3, 11, 1, 7, 5, 9, 8]
    assert await found(made, {}, {"field": "name"}) == by_bytes
    # Equals stay in the order of their ids.
    downwards = [8, 9, 5, 7, 1, 3, 11, 6, 4, 2, 10]
    assert await found(made, {}, {"field": "name", "order": "desc"}) == downwards
    several = [{"field": "whole", "order": "desc"}, {"field": "id", "order": "desc"}]
    assert await found(made, {}, *several) == [9, 6, 3, 11, 8, 5, 2, 10, 7, 4, 1]
    again = [*several, {"field": "whole"}]
    assert await found(made, {}, *again) == [9, 6, 3, 11, 8, 5, 2, 10, 7, 4, 1]


async def test_an_order_may_be_one_field_or_a_direction_for_each(store: Store) -> None:
    made = await things(store, *({"whole": n % 2, "part": n} for n in range(4)))
    for order in (
        {"whole": -1, "part": 1},
        [{"field": "whole", "order": "desc"}, {"field": "part"}],
    ):
        reply = await made.ask("select", table="things", order=order)
        assert [row["part"] for row in reply["rows"]] == [1, 3, 0, 2]
    alone = await made.ask("select", table="things", order={"field": "part", "order": "desc"})
    assert [row["part"] for row in alone["rows"]] == [3, 2, 1, 0]
    for wrong in ({"whole": 2}, {"whole": True}, {"whole": "desc"}, {}):
        refused = await made.outcome("select", table="things", order=wrong)
        assert "error" in refused


async def test_pages(store: Store) -> None:
    made = await things(store, *({"whole": n} for n in range(5)))
    page = {"table": "things", "limit": 2}
    counts = []
    for offset in (0, 2, 3, 4, 5, 2**40, LARGEST):
        reply = await made.ask("select", **page, offset=offset)
        counts.append((reply["count"], reply["truncated"]))
    assert counts == [(2, True), (2, True), (2, False), (1, False), *[(0, False)] * 3]
    wrong: list[dict[str, Any]] = [{"offset": 2**63}, {"offset": -1}, {"offset": True}]
    wrong += [{"limit": 1001}, {"limit": "5"}, {"limit": None}, {"order": [{"field": "nope"}]}]
    for request in wrong:
        assert await made.outcome("select", **{**page, **request}) == REFUSED


async def aggregated(made: Desk, **request: Any) -> Any:
    return (await made.ask("aggregate", table="things", **request))["groups"]


async def test_aggregates(store: Store) -> None:
    made = await things(
        store,
        {"name": "b", "whole": 7, "part": 0.5, "at": "2025-01-01", "long": "Z"},
        {"name": "é", "whole": -2, "part": -0.25, "at": "2025-02-01"},
        {"whole": 0, "part": 0, "long": "a"},
        {"name": "Z"},
    )
    asked = {
        "rows": {"$count": "*"},
        "wholes": {"$count": "whole"},
        "sum": {"$sum": "whole"},
        "mean": {"$avg": "whole"},
        "parts": {"$sum": "part"},
        "part": {"$avg": "part"},
        "first": {"$min": "name"},
        "last": {"$max": "name"},
        "least": {"$min": "part"},
        "text": {"$max": "long"},
        "began": {"$min": "at"},
        "newest": {"$max": "id"},
    }
    assert repr(await aggregated(made, aggregates=asked)) == repr(
        [
            {
                "rows": 4,
                "wholes": 3,
                "sum": 5,
                "mean": 5 / 3,
                "parts": 0.25,
                "part": 0.25 / 3,
                "first": "Z",
                "last": "é",
                "least": -0.25,
                "text": "a",
                "began": "2025-01-01T00:00:00Z",
                "newest": 4,
            }
        ]
    )
    empty = await aggregated(made, aggregates=asked, filter={"id": 9})
    assert empty == [{**dict.fromkeys(asked), "rows": 0, "wholes": 0}]


async def test_groups(store: Store) -> None:
    made = await things(
        store,
        *({"name": name, "flag": flag, "whole": whole} for name, flag, whole in (
            ("b", True, 1), ("B", True, 5), ("b", False, 2), (None, None, 3), ("b", True, 3),
        )),
    )  # fmt: skip
    asked = {"n": {"$count": "*"}, "sum": {"$sum": "whole"}, "mean": {"$avg": "whole"}}
    groups = await aggregated(made, aggregates=asked, group_by=["name", "flag"])
    assert [tuple(group.values()) for group in groups] == [
        (None, None, 1, 3, 3.0),
        ("B", True, 1, 5, 5.0),
        ("b", False, 1, 2, 2.0),
        ("b", True, 2, 4, 2.0),
    ]
    for field in ("sum", "mean", "n"):
        order = [{"field": field, "order": "desc"}, {"field": "name", "order": "desc"}]
        sorted_by = await aggregated(made, aggregates=asked, group_by=["name"], order=order)
        values = [group[field] for group in sorted_by]
        assert values == sorted(values, reverse=True)
    page = {"aggregates": asked, "group_by": ["name"]}
    assert (await made.ask("aggregate", table="things", **page, limit=3))["truncated"] is False
    cut = await made.ask("aggregate", table="things", **page, limit=2)
    assert (cut["truncated"], [group["name"] for group in cut["groups"]]) == (True, [None, "B"])
    assert await aggregated(made, **page, filter={"id": 9}) == []


@pytest.mark.parametrize(
    ("values", "total"),
    [
        ([LARGEST, 1, -5], LARGEST - 4),
        ([LARGEST, 1], None),
        ([-(2**63), LARGEST], -1),
        ([-(2**63), -1], None),
        ([2**53 + 1, 1], 2**53 + 2),
        ([-1, -(2**32), 3], -(2**32) + 2),
    ],
)
async def test_sums_of_large_numbers(store: Store, values: list[int], total: int | None) -> None:
    made = await things(store, *({"whole": value} for value in values))
    asked = {"sum": {"$sum": "whole"}}
    reply = await made.outcome("aggregate", table="things", aggregates=asked)
    assert reply == (REFUSED if total is None else {"groups": [{"sum": total}], "truncated": False})
    mean = await aggregated(made, aggregates={"mean": {"$avg": "whole"}})
    assert mean == [{"mean": sum(values) / len(values)}]


async def test_sums_are_sorted_by_their_value(store: Store) -> None:
    values = [("a", -1), ("b", -(2**40)), ("c", 2**33), ("d", 5), ("e", None), ("f", 2**32 - 1)]
    made = await things(store, *({"name": name, "whole": whole} for name, whole in values))
    for sign in ("$sum", "$avg"):
        asked = {"sum": {sign: "whole"}}
        groups = await aggregated(
            made, aggregates=asked, group_by=["name"], order=[{"field": "sum"}]
        )
        assert "".join(group["name"] for group in groups) == "ebadfc"


@pytest.mark.parametrize("values", [[1.7e308, 1.7e308], [-1.7e308, -1.7e308, 1.0]])
async def test_sums_that_are_not_finite(store: Store, values: list[float]) -> None:
    made = await things(store, *({"part": value} for value in values))
    for sign in ("$sum", "$avg"):
        asked = {"x": {sign: "part"}}
        assert await made.outcome("aggregate", table="things", aggregates=asked) == REFUSED


async def test_the_smallest_mean(store: Store) -> None:
    made = await things(store, {"part": 5e-324}, {"part": 0}, {"part": 0})
    asked = {"mean": {"$avg": "part"}}
    order = [{"field": "mean"}]
    assert await aggregated(made, aggregates=asked, order=order) == [{"mean": 0.0}]
    assert await aggregated(made, aggregates=asked, order=order, group_by=["part"]) == [
        {"part": 0.0, "mean": 0.0},
        {"part": 5e-324, "mean": 5e-324},
    ]


NO_AGGREGATES: list[dict[str, Any]] = [
    {"aggregates": {}},
    {"aggregates": {"x": {}}},
    {"aggregates": {"x": "$count"}},
    {"aggregates": {"x": {"$count": "nope"}}},
    {"aggregates": {"x": {"$sum": "*"}}},
    {"aggregates": {"x": {"$sum": ["score"]}}},
    {"aggregates": {"x": {"$sum": "seen"}}},
    {"aggregates": {"x": {"$max": "active"}}},
    {"aggregates": {"score": {"$count": "*"}}, "group_by": ["score"]},
    {"aggregates": {"x": {"$count": "*"}}, "group_by": ["nope"]},
    {"aggregates": {"x": {"$count": "*"}}, "order": [{"field": "score"}]},
    {"aggregates": {"X": {"$count": "*"}}},
]


async def test_unsound_aggregates(store: Store) -> None:
    made = await users6(store)
    for asked in NO_AGGREGATES:
        assert await made.outcome("aggregate", table="users", **asked) == REFUSED, asked
