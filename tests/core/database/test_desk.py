"""How a request is taken, and how often one may ask."""

import json
import logging
from typing import Any

import pytest

from core.database.desk import Desk
from core.database.limits import BURST, PER_SECOND, Limits
from core.database.problems import Away, Refusal
from rosey.contracts.storage import Code
from tests import vectors

RATES = vectors.load("sql_request", "queries_in_60s")


class Echo:
    """Gives back what it was asked, or raises what it was told to."""

    def __init__(self) -> None:
        self.problem: Exception | None = None

    async def perform(self, plugin: str, op: str, request: dict[str, Any]) -> dict[str, Any]:
        if self.problem:
            raise self.problem
        return {"plugin": plugin, "op": op, "request": request}


class Watch:
    """A clock in seconds."""

    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def desk(echo: Echo, watch: Watch) -> Desk:
    kinds = ("row", "kv", "sql", "migrate")
    return Desk(dict.fromkeys(kinds, echo), limits=Limits(watch))


async def ask(
    desk: Desk, kind: str = "kv", plugin: str = "dice", data: bytes = b"{}"
) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(await desk.answer(kind, plugin, "get", data))
    assert answer["success"] is ("error" not in answer)
    return answer


async def code(
    desk: Desk, kind: str = "kv", plugin: str = "dice", data: bytes = b"{}"
) -> str | None:
    answer = await ask(desk, kind, plugin, data)
    return None if answer["success"] else str(answer["error"]["code"])


async def test_a_request_reaches_its_part(desk: Desk) -> None:
    assert await ask(desk, data='{"key": "é"}'.encode()) == {
        "success": True,
        "plugin": "dice",
        "op": "get",
        "request": {"key": "é"},
    }


@pytest.mark.parametrize(
    "data", [b"", b"not valid json", b'"text"', b"[1]", b"1", b"\xff", b'{"a": NaN}', b'{"a": "\\']
)
async def test_what_is_no_json_object_is_refused(desk: Desk, data: bytes) -> None:
    assert await code(desk, data=data) == Code.INVALID_JSON


async def test_depth_is_limited(desk: Desk) -> None:
    deep = b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    assert await code(desk, data=deep) == Code.INVALID_JSON


@pytest.mark.parametrize(
    ("plugin", "expected"),
    [
        ("core", None),
        ("dice", None),
        ("", Code.MISSING_FIELD),
        ("db", Code.PERMISSION_DENIED),
        ("rosey", Code.PERMISSION_DENIED),
        ("plugin", Code.PERMISSION_DENIED),
        ("a_b", Code.PERMISSION_DENIED),
        ("Dice", Code.PERMISSION_DENIED),
        ("dice\n", Code.PERMISSION_DENIED),
        ("x" * 65, Code.PERMISSION_DENIED),
    ],
)
async def test_who_may_own_something(desk: Desk, plugin: str, expected: Code | None) -> None:
    assert await code(desk, plugin=plugin) == expected


async def test_an_unknown_kind_is_named(desk: Desk) -> None:
    answer = await ask(desk, kind="rows")
    assert answer["error"]["code"] == Code.NOT_FOUND
    assert "'rows'" in answer["error"]["message"]
    assert "did you mean row?" in answer["error"]["message"]


async def test_a_refusal_is_the_answer(desk: Desk, echo: Echo) -> None:
    echo.problem = Refusal(Code.CONFLICT, "Two of a kind.", "values.name")
    expected = {"code": "CONFLICT", "message": "Two of a kind.", "field": "values.name"}
    assert await ask(desk) == {"success": False, "error": expected}
    echo.problem = Refusal(Code.NOT_FOUND, "Nothing.")
    answer = await ask(desk)
    assert answer["error"] == {"code": "NOT_FOUND", "message": "Nothing."}


async def test_who_watches_the_database_hears_that_it_is_away(echo: Echo) -> None:
    heard: list[Away] = []
    desk = Desk({"kv": echo}, heard.append)
    echo.problem = Refusal(Code.UNAVAILABLE, "Busy.")
    assert await code(desk) == Code.UNAVAILABLE
    assert heard == []
    echo.problem = Away("Gone.")
    assert await code(desk) == Code.UNAVAILABLE
    assert [str(each) for each in heard] == ["Gone."]


async def test_a_mistake_is_in_the_log_and_not_in_the_answer(
    desk: Desk, echo: Echo, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    echo.problem = KeyError("a secret")
    error = (await ask(desk))["error"]
    assert error["code"] == Code.INTERNAL_ERROR
    assert "secret" not in error["message"]
    id = error["message"].removesuffix(".").split()[-1]
    [record] = caplog.records
    assert record.getMessage() == f"mistake {id} at kv get of dice"
    assert record.exc_info


@pytest.mark.parametrize("vector", RATES, ids=vectors.ids(RATES))
async def test_sql_in_a_minute(desk: Desk, watch: Watch, vector: dict[str, Any]) -> None:
    codes = []
    for _ in range(vector["in"]["queries_in_60s"]):
        watch.time += 60.0 / (vector["in"]["queries_in_60s"] + 1)
        codes.append(await code(desk, "sql"))
    assert (codes[-1] is None) is vector["out"]["last_one_allowed"]


async def test_the_next_sql_is_refused_until_the_first_is_a_minute_old(
    desk: Desk, watch: Watch
) -> None:
    for _ in range(100):
        assert await code(desk, "sql") is None
        watch.time += 0.1
    answer = await ask(desk, "sql")
    assert answer["error"]["code"] == Code.RATE_LIMITED
    assert answer["error"]["message"] == (
        "Too many requests: dice may make 100 SQL requests in 60 s. Try again in 50.000 s."
    )
    assert await code(desk, "sql", "quote") is None
    assert await code(desk, "row") is None
    watch.time += 49.99
    assert await code(desk, "sql") == Code.RATE_LIMITED
    watch.time += 0.02
    assert await code(desk, "sql") is None
    assert await code(desk, "sql") == Code.RATE_LIMITED


async def test_all_else_has_one_bucket_a_plugin(desk: Desk, watch: Watch) -> None:
    for number in range(int(BURST)):
        assert await code(desk, ("row", "kv", "migrate")[number % 3]) is None
    answer = await ask(desk, "kv")
    assert answer["error"]["code"] == Code.RATE_LIMITED
    assert answer["error"]["message"].endswith("500 requests a second. Try again in 0.002 s.")
    assert await code(desk, "row") == Code.RATE_LIMITED
    assert await code(desk, "kv", "quote") is None
    watch.time += 10.5 / PER_SECOND
    assert [await code(desk) for _ in range(11)] == [None] * 10 + [Code.RATE_LIMITED]
    watch.time += 3600
    assert [await code(desk) for _ in range(1001)] == [None] * 1000 + [Code.RATE_LIMITED]


async def test_the_rooms_own_parts_are_not_limited(desk: Desk) -> None:
    for kind in ("kv", "sql"):
        assert {await code(desk, kind, "core") for _ in range(1500)} == {None}
