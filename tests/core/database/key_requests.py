"""Random requests about keys, most of them sound, for a property test."""

from typing import Any

from hypothesis import strategies as st

from tests.core.database.requests import Requests, Step, merged, now_and_then, pages, seldom

KEYS = ["a", "a%b", "axb", "a_b", "A", "é", *["n"] * 8, "x" * 255, "😀"]
BAD_KEYS = ["", "x" * 256, "a\0", 5, None]
JSON = [
    *(None, True, 1, 1.0, None, True, 1, 1.0, None, False, 0, -1.5, 2**63 - 1, -(2**63), 10**30),
    *(1.7e308, "", "a", "1", "é\0\u2028😀", [], {}, {"b": 1, "a": [1.5]}, {"": {"a": None}}, 0.1),
    *([1, [None, {"a": True}]], {"a": [1.5], "b": 1}, [1.0], [True], "x" * 65_534),
]
TOO_LARGE = ["x" * 65_535, "é" * 32_768]
STEPS = [{}, {}, {"by": 2}, {"by": -1}, {"by": 0.5}, {"by": 2**62}, {"by": 2**62}]
BAD_STEPS = [
    {"by": by} for by in (None, "a", "5", True, 10**19, 10**19 + 0.0, 1.7e308, 1.7e308, [1])
]
TTLS = st.fixed_dictionaries(
    {}, optional={"ttl_seconds": now_and_then([1, 2, 3, 2**31 - 1, None], [0, -1, 1.5, 2**31])}
)
ONCE: Requests = st.sampled_from([{}, {}, {}, {}, {"idempotency_key": "k"}])
PREFIXES = ["", "a", "a%", "a_", "A", "é", "x" * 255]

KEY = st.fixed_dictionaries({"key": now_and_then(KEYS, BAD_KEYS)})
VALUE = st.fixed_dictionaries({"value": now_and_then(JSON, TOO_LARGE)})
EXPECTED = st.fixed_dictionaries({"expected": st.sampled_from([*JSON[:8], *JSON])})
PREFIX = st.fixed_dictionaries({}, optional={"prefix": now_and_then(PREFIXES, ["x" * 256, None])})
OPS: dict[str, Requests] = {
    "get": KEY,
    "set": merged(KEY, VALUE, TTLS),
    "delete": KEY,
    "list": merged(PREFIX, pages(with_offset=False)),
    "incr": merged(KEY, now_and_then(STEPS, BAD_STEPS, 10), TTLS, ONCE),
    "compare_and_set": merged(KEY, EXPECTED, VALUE, TTLS),
}
NAMES = [
    *("get", "set", "set", "delete", "list", "incr", "incr", "incr"),
    *("compare_and_set", "compare_and_set"),
]


def key_step() -> st.SearchStrategy[Step]:
    """One about keys."""
    return st.sampled_from(NAMES).flatmap(_step)


def _step(op: str) -> Any:
    request = seldom(st.just({}), OPS[op], 60)
    seconds = st.sampled_from([0, 0, 1, 1, 2])
    return st.builds(lambda request, seconds: Step("kv", op, request, seconds), request, seconds)
