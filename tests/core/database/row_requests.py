"""Random requests about rows, most of them sound, for a property test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from rosey.contracts.storage import TableDefinition
from tests.core.database.requests import Requests, Step, merged, now_and_then, pages, seldom

TABLE = "things"
# `score` and `rating` hold only what adds up exactly; `big` and `wide` go to the edge.
TYPES = {
    "name": "string",
    "nick": "string",
    "bio": "text",
    "level": "integer",
    "score": "integer",
    "big": "integer",
    "rating": "float",
    "wide": "float",
    "active": "boolean",
    "seen": "datetime",
}
ALWAYS = {"id": "integer", "created_at": "datetime", "updated_at": "datetime"}
FIELDS = (*TYPES, *ALWAYS)
REQUIRED = ("name", "level")
UNIQUE = ("nick",)
EXACT = ("level", "score", "rating")
DEFINITION = TableDefinition.model_validate(
    {
        "fields": [
            {"name": name, "type": type, "required": name in REQUIRED}
            for name, type in TYPES.items()
        ]
    }
)


@dataclass(frozen=True)
class Nth:
    """The id of a row by its place, for ids are each database's own."""

    place: int


WORDS = [
    *("a", "b", "A", "ab", "é", "É", "É", "a%b", "a_b", "a\\b", "", "😀", "İ", "i", "ß", "ẞ"),
    *("Σσς", "ΣΣΣ", "ﬁ", "Ǆ", "a\nb", " a ", "';--", '"', 5, 1.5, 1e22, -7),
]
SOUND: dict[str, list[Any]] = {
    "name": ["a", "b", "é", "x" * 255, *WORDS],
    "nick": [None, *"abcdefghijklmnop", "é", "É"],
    "bio": [None, "x" * 300, *WORDS],
    "level": [0, 1, 2],
    "score": [None, 0, 1, -1, 2, 3, 7, 100, -5, "42", " 5 ", "+3", "-0", -3.9, 2.5, 0.9, True],
    "big": [
        *(None, 0, 1, 2**63 - 1, -(2**63), 2**62, -(2**62), 2**53 + 1, 2**31, -(2**31) - 1),
        str(2**63 - 1),
    ],
    "rating": [None, 0.0, 0.25, -0.5, 1.5, 3, "2.5", " -4 ", 1024.75, False, -0.0, "1e2"],
    "wide": [None, 0.1, 1e15, 2**53 + 1, 1.7e308, -1.7e308, 1e-300, 3.141592653589793, "1e308"],
    "active": [None, True, False, 1, 0, 1.0, "yes", "OFF", "On", "1", "0", "TRUE", "no"],
    "seen": [
        *(None, "2025-01-01", "2025-01-01T00:00:00", "2025-01-01T00:00:00Z"),
        *("2025-01-01T02:00:00+02:00", "2024-12-31T23:59:59.000001Z", "2025-06-01T12:30:00.5Z"),
        *("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "20250101T000001"),
    ],
    "id": [*map(Nth, range(6)), -1],
    "created_at": [f"2025-01-01T00:00:{second:02}Z" for second in range(9)],
    "updated_at": [f"2025-01-01T00:00:{second:02}" for second in range(9)],
}
UNSOUND: dict[str, list[Any]] = {
    "string": ["x" * 256, "a\0", ["a"], {"a": 1}],
    "text": ["a\0b", [], ["a"]],
    "integer": [2**63, -(2**63) - 1, "abc", "1_0", "1.5", "", 1e19, -1e30, [1], str(2**63), "nan"],
    "float": ["nan", "inf", "-Infinity", "x", "", "1_0.5", 10**400, [0.5], "1e999"],
    "boolean": ["maybe", 2, "", 0.5, " true", [True], "2025-01-01"],
    "datetime": [5, "tomorrow", "2025-13-01", "0001-01-01T00:00:00+05:00", True, "", []],
}
NUMBERS = ("integer", "float")
SMALL = [0, 1, -1, 2, 3, 0.5, -1.5, 2.0, 0.75, -1.75]
STEPS = {
    "big": [*SMALL, 2**62, -(2**62), 2**63 - 1, 10**15],
    "wide": [*SMALL, 1e300, 1e-3, -1.7e308],
}
PATTERNS = [
    *("%", "_", "a%", "%b", "a_b", r"a\%b", r"a\\b", r"\a\b", "", "__", "%a%", "É", "é", "%σ%"),
    *("é%", "É_", "%Σ", "İ", "ß", "ẞ", "%\n%", "😀", "Ǆ", "%%b", "_%", "x%x"),
]
BAD_PATTERNS = ["a\\", "\\", "a\0", None, True, ["a"]]
BAD_NAMES = ["nope", "", "$set", "score; DROP TABLE t_things"]


def type_of(field: str) -> str:
    """Empty for a field that is not there."""
    return TYPES.get(field) or ALWAYS.get(field, "")


def value(field: str) -> Any:
    if not type_of(field):
        return st.just(1)
    return now_and_then(SOUND[field], UNSOUND[type_of(field)])


def one_of_fields(fields: Sequence[str]) -> Any:
    return now_and_then(fields, BAD_NAMES, 80)


def operators(field: str) -> Requests:
    """What a filter asks of one field."""
    values, type = value(field), type_of(field)
    bad_lists = st.sampled_from([[], None, "a", {"a": 1}, [None], [1, None]])
    lists = st.lists(values.filter(lambda each: each is not None), min_size=1, max_size=4)
    some = {
        **dict.fromkeys(("$eq", "$ne"), values),
        **dict.fromkeys(("$in", "$nin"), seldom(bad_lists, lists)),
        **dict.fromkeys(("$exists", "$null"), now_and_then([True, False], [None, "yes", 1])),
    }
    if type in (*NUMBERS, "datetime"):
        some |= dict.fromkeys(("$gt", "$gte", "$lt", "$lte"), values)
    if type in ("string", "text"):
        some |= dict.fromkeys(("$ilike", "$like"), now_and_then(PATTERNS, BAD_PATTERNS))
    # The last ones have most to go wrong.
    usual = [*some, *list(some)[-2:]]
    sign = now_and_then(usual, ["$gt", "$like", "eq", "$not", "$inc"], 60)
    pair = sign.flatmap(lambda sign: st.tuples(st.just(sign), some.get(sign, values)))
    return st.lists(pair, min_size=1, max_size=2).map(dict)


def clause(field: str) -> Any:
    asked = operators(field)
    return st.tuples(st.just(field), st.one_of(value(field), asked, asked))


def filters(depth: int = 2) -> Requests:
    plain = one_of_fields(FIELDS).flatmap(clause)
    parts = [plain, plain, plain]
    if depth:
        inner = filters(depth - 1)
        inners = st.lists(inner, min_size=1, max_size=3)
        parts += [st.tuples(st.just("$not"), inner), st.tuples(st.just("$and"), inners)]
        parts.append(st.tuples(st.just("$or"), inners))
    whole = st.lists(st.one_of(parts), max_size=2).map(dict)
    broken = st.sampled_from([{"$and": []}, {"$or": {}}, {"$not": []}, {"$xor": [{}]}, []])
    filter: Requests = seldom(broken, whole, 50)
    return filter


def row() -> Requests:
    must = st.fixed_dictionaries({name: value(name) for name in REQUIRED})
    may = st.fixed_dictionaries(
        {}, optional={name: value(name) for name in TYPES if name not in REQUIRED}
    )
    odd = [{"id": 5}, {"created_at": "2025-01-01"}, {"nope": 1}, {"name": None}]
    return merged(must, may, now_and_then([{}], odd))


def orders(fields: Sequence[str]) -> Any:
    way = st.sampled_from([{}, {"order": "asc"}, {"order": "desc"}, {"order": "desc"}])
    one = st.builds(lambda field, way: {"field": field, **way}, one_of_fields(fields), way)
    return st.lists(one, max_size=3)


EXPECT: Requests = seldom(
    st.sampled_from([{"expect": number} for number in (1, 1, 0, 2, -1)]), st.just({}), 6
)


def part(name: str, given: Any) -> Requests:
    return st.fixed_dictionaries({name: given})


def insert() -> Requests:
    given = st.one_of(row(), st.lists(row(), min_size=1, max_size=4), now_and_then([[{}]], [[]]))
    return merged(part("values", given), EXPECT)


def select() -> Requests:
    return merged(part("filter", filters()), part("order", orders(FIELDS)), pages())


def changes() -> Requests:
    numbers = ["score", "big", "rating", "wide"]
    one = one_of_fields([*TYPES, *TYPES, *numbers, *numbers, "id"]).flatmap(change)
    once = st.lists(one, min_size=1, max_size=4, unique_by=lambda each: str(each[0]))
    update: Requests = seldom(st.lists(one, max_size=4), once, 30).map(by_sign)
    return update


def change(field: str) -> Any:
    """A field, an operator and its value."""
    signs = {"$set": value(field)}
    if type_of(field) in NUMBERS:
        by = now_and_then(STEPS.get(field, SMALL), [None, True, "1", [1], 10**400])
        signs |= dict.fromkeys(("$inc", "$dec", "$mul"), by)
    if type_of(field) in (*NUMBERS, "datetime"):
        signs |= dict.fromkeys(("$max", "$min"), value(field))
    sign = now_and_then(sorted(signs), ["$inc", "$max", "$push"], 60)
    return sign.flatmap(
        lambda sign: st.tuples(st.just(field), st.just(sign), signs.get(sign, st.just("a")))
    )


def by_sign(parts: list[tuple[str, str, Any]]) -> dict[str, Any]:
    update: dict[str, Any] = {}
    # Where one row has another's value and one overflows, the order of rows says which is told.
    is_unique = any(field in UNIQUE for field, _, _ in parts)
    for field, sign, given in parts:
        if not (is_unique and field in STEPS):
            update.setdefault(sign, {})[field] = given
    return update


def update() -> Requests:
    filter: Requests = st.one_of(st.just({}), filters(1))
    return merged(part("filter", filter), part("update", changes()), EXPECT)


def upsert() -> Requests:
    """Of equalities, which tell what the row is to be."""
    may = {
        "level": st.sampled_from([1, 2]),
        "score": st.sampled_from([{"$eq": 5}, 1, None]),
        "big": st.just(2**63 - 1),
    }
    equal = st.fixed_dictionaries({"name": st.sampled_from(["a", "b", "é"])}, optional=may)
    level: Requests = st.sampled_from([{"$inc": {"level": 1.5}}, {"$set": {"level": 2}}, {}])
    update = merged(level, changes())
    return merged(
        part("filter", equal), part("update", update), part("upsert", st.just(True)), EXPECT
    )


def delete() -> Requests:
    return merged(part("filter", filters(1).filter(bool)), EXPECT)


def count() -> Requests:
    return part("filter", filters())


def aggregate() -> Requests:
    groups = st.lists(one_of_fields([*TYPES, "created_at"]), max_size=2, unique=True)
    names = now_and_then(["one", "two", "score"], ["level", "1", "X"])
    makers = st.dictionaries(names, maker(), min_size=1, max_size=3)
    return merged(
        part("filter", filters(1)),
        part("group_by", groups),
        part("aggregates", makers),
        part("order", orders(["one", "two", "score", *TYPES])),
        pages(with_offset=False),
    ).map(_sorted_by_what_is_there)


def _sorted_by_what_is_there(request: dict[str, Any]) -> dict[str, Any]:
    known = (*request["group_by"], *request["aggregates"], "bio")
    return {**request, "order": [each for each in request["order"] if each["field"] in known]}


def maker() -> Requests:
    """One aggregate."""
    sums = st.tuples(st.sampled_from(["$avg", "$sum"]), st.sampled_from(EXACT))
    large = st.tuples(st.just("$sum"), now_and_then(["big"], ["name", "active"], 8))
    ends = st.tuples(st.sampled_from(["$min", "$max"]), st.sampled_from([*TYPES, "updated_at"]))
    number = st.tuples(st.just("$count"), st.sampled_from(["*", *TYPES]))
    wrong = st.sampled_from([("$median", "score"), ("$sum", "*"), ("$sum", "nope"), ("$min", 5)])
    pair = seldom(wrong, st.one_of(sums, sums, large, ends, ends, number))
    one: Requests = pair.map(lambda pair: dict([pair]))
    return one


OPS: Mapping[str, Requests] = {
    "insert": insert(),
    "select": select(),
    "update": update(),
    "upsert": upsert(),
    "delete": delete(),
    "count": count(),
    "aggregate": aggregate(),
}
# What comes first is tried most often.
NAMES = st.sampled_from(
    [
        *("aggregate", "update", "select", "upsert", "update", "aggregate", "select", "update"),
        *("aggregate", "select", "upsert", "count", "insert", "delete", "insert"),
    ]
)


def of_table(name: str) -> Requests:
    """A request with its `op`."""
    tables = now_and_then([{"table": TABLE}], [{"table": "nope"}, {}, {"table": "Things"}], 60)
    op = st.just("update" if name == "upsert" else name)
    return merged(OPS[name], tables, part("op", op))


def batch() -> Requests:
    wrong = st.sampled_from([{"op": "drop"}, {"table": TABLE}, {"op": "batch", "operations": []}])
    one = seldom(wrong, NAMES.flatmap(of_table))
    return merged(
        part("operations", st.lists(one, min_size=1, max_size=4)), part("op", st.just("batch"))
    )


def row_step() -> st.SearchStrategy[Step]:
    """One about rows, a second after the one before."""
    single = NAMES.flatmap(of_table)
    request: Requests = seldom(batch(), single, 6)
    return request.map(lambda request: Step("row", request.pop("op"), request, seconds=1))


FIRST = Step(
    "row",
    "insert",
    {
        "table": TABLE,
        "values": [
            {"name": "a", "level": 1, "score": 2, "rating": 0.5, "active": True},
            {"name": "É", "level": 1, "bio": "ÉΣ", "seen": "2025-01-01", "big": 2**63 - 1},
            {"name": "b", "level": 2, "score": -5, "nick": "a", "active": False, "wide": 0.1},
            {"name": "a", "level": 2, "rating": -0.5, "seen": "2024-12-31T23:59:59.5Z"},
            {"name": "a%b", "level": 1, "score": 7, "big": 2**62, "bio": "i", "rating": 1.75},
        ],
    },
)
# What chance seldom asks.
SELDOM = [
    Step("row", "select", {"table": TABLE, "filter": {"name": {"$ilike": "é%"}}}),
    Step("row", "select", {"table": TABLE, "filter": {"bio": {"$ilike": "%σ"}}}),
    Step("row", "select", {"table": TABLE, "filter": {"bio": {"$like": "%σ"}}}),
    Step("row", "count", {"table": TABLE, "filter": {"$not": {"bio": {"$ilike": "É_"}}}}),
    Step("row", "update", {"table": TABLE, "filter": {}, "update": {"$inc": {"level": 0.5}}}),
    Step("row", "update", {"table": TABLE, "filter": {}, "update": {"$mul": {"big": -2}}}),
    Step("row", "aggregate", {"table": TABLE, "aggregates": {"one": {"$sum": "big"}}}),
]
