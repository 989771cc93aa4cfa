"""SQL of plugins as it runs on both databases."""

import asyncio
import sqlite3
import time
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import asyncpg
import pytest
from sqlalchemy import select

from core.database.own_tables import audit
from core.database.problems import Refusal
from core.database.sql_rules import check
from core.database.sql_runs import LARGEST_REPLY, Run, in_our_words, plain
from core.database.statements import Statements
from core.database.store import Store
from rosey.contracts.storage import Code
from tests.core.database.sql_stage import FOREVER, ask, refused, rows, staged, write
from tests.vectors import ids, load


@pytest.fixture
async def statements(store: Store) -> Statements:
    return await staged(store)


EXECUTED = load("sql_request", "plugin", "query")
VALIDATED = load("sql_request", "request_with")
BOUND = load("sql_request", "bind_value")
PLACED = load("sql_request", "where")
# Subjects are `db.sql.<plugin>.<op>`, read by the service; `rosey.db.sql.*` and names with `-` or
# `_` are older than DESIGN §4. How often one may ask is for the desk to say.
LOST = load("sql_request", "subject") + load("sql_request", "queries_in_60s")


def test_no_vector_is_forgotten() -> None:
    used = EXECUTED + VALIDATED + BOUND + PLACED + LOST
    assert sorted(ids(used)) == sorted(ids(load("sql_request")))


async def test_execute_vectors(statements: Statements) -> None:
    for vector in EXECUTED:
        expected = vector["out"]["error"]
        if expected is None:
            await statements.perform("test", "execute", vector["in"])
        else:
            assert (await refused(statements, "execute", vector["in"])).code == expected


async def test_request_vectors(statements: Statements) -> None:
    for vector in VALIDATED:
        request = {"query": "SELECT 1", "params": []} | vector["in"]["request_with"]
        if request["query"] is None:
            del request["query"]
        expected = vector["out"]
        if expected["request_valid"]:
            await statements.perform("test", "query", request)
            continue
        problem = (await refused(statements, "query", request)).problem
        assert (problem.code, problem.field) == (expected["error"], expected["field"])


async def test_bind_vectors(statements: Statements) -> None:
    for vector in BOUND:
        value, stored = vector["in"]["bind_value"], vector["out"]["stored"]
        column = {float: "rate", str: "note"}.get(type(stored), "score")
        query = f"INSERT INTO test_data ({column}) VALUES ($1) RETURNING {column}"
        assert (await write(statements, query, value))["rows"] == [[stored]]
        assert await rows(statements, "SELECT $1", value) == [[stored]]


@pytest.mark.parametrize("vector", PLACED, ids=ids(PLACED))
def test_place_vectors(vector: dict[str, Any]) -> None:
    params = vector["in"]["params"]
    query = f"SELECT * FROM test_a WHERE {vector['in']['where']}"
    statement = check("test", query, len(params))
    assert [params[number - 1] for number in statement.placeholders] == vector["out"]["positional"]


PAYLOADS = load("injection_payloads")


async def test_injected_texts_stay_texts(statements: Statements) -> None:
    insert = "INSERT INTO test_d (a) VALUES (1)"
    await write(statements, insert)
    for vector in PAYLOADS:
        value = vector["in"]["stored_value"]
        insert = "INSERT INTO test_other (note) VALUES ($1) RETURNING id"
        if "\0" in value:
            problem = await refused(
                statements, "execute", {"query": insert, "params": [value], "allow_write": True}
            )
            assert problem.code is Code.VALIDATION_ERROR
            continue
        [[number]] = (await write(statements, insert, value))["rows"]
        for query, *params in (
            ("SELECT note FROM test_other WHERE id = $1", number),
            ("SELECT note FROM test_other WHERE note = $2 AND id = $1", number, value),
            ("SELECT $1", value),
        ):
            assert await rows(statements, query, *params) == [[value]]
    assert await rows(statements, "SELECT count(*) FROM test_data") == [[3]]
    assert await rows(statements, "SELECT count(*) FROM test_d") == [[1]]


async def test_null_comes_first_and_times_end_in_z(statements: Statements) -> None:
    found = await ask(statements, "SELECT score, at, flag, rate FROM test_data ORDER BY score")
    assert found == {
        "columns": ["score", "at", "flag", "rate"],
        "rows": [
            [None, None, None, 2.5],
            [5, "2025-01-01T00:00:00Z", 1, 0.5],
            [10, "2025-06-01T12:30:00.250000Z", 0, None],
        ],
        "count": 3,
        "truncated": False,
    }
    [[now, today]] = await rows(statements, "SELECT now(), current_date")
    assert now.startswith(today)
    assert now.endswith("Z")


async def test_rows_beyond_the_limit_are_not_fetched(statements: Statements) -> None:
    began = time.perf_counter()
    found = await ask(statements, FOREVER + "SELECT n FROM c", max_rows=250)
    assert time.perf_counter() - began < 5
    assert (found["count"], found["truncated"]) == (250, True)
    assert found["rows"][-1] == [250]
    exact = await ask(statements, "SELECT name FROM test_data", max_rows=3)
    assert (exact["count"], exact["truncated"]) == (3, False)


async def test_a_reply_too_large_for_the_bus_is_refused(statements: Statements) -> None:
    long = "x" * 1000
    query = FOREVER + f"SELECT n, '{long}' AS x FROM c"
    problem = await refused(statements, "query", {"query": query, "max_rows": 100_000})
    assert problem.code is Code.VALUE_TOO_LARGE
    assert "LIMIT" in str(problem)
    most = LARGEST_REPLY // (len(long) + 20)
    assert (await ask(statements, query, max_rows=most - 1))["count"] == most - 1


@pytest.mark.parametrize("op", ["query", "execute"])
async def test_what_lasts_too_long_is_stopped(statements: Statements, op: str) -> None:
    for query in (
        FOREVER + "SELECT max(n) FROM c",
        FOREVER + "INSERT INTO test_d (a) SELECT max(n) FROM c",
        "SELECT count(*) FROM (" + FOREVER + "SELECT n FROM c) AS t",
    ):
        if op == "query" and "INSERT" in query:
            continue
        began = time.perf_counter()
        request = {"query": query, "timeout_ms": 200, "allow_write": True}
        problem = await refused(statements, op, request)
        assert problem.code is Code.TIMEOUT
        assert "0.2 s" in str(problem)
        assert time.perf_counter() - began < 3
    # Each hundred rows come quickly.
    request = {"query": FOREVER + "SELECT n FROM c", "timeout_ms": 100, "max_rows": 100_000}
    assert (await refused(statements, op, request)).code is Code.TIMEOUT
    # More often than there are connections: each is as good as new.
    for _ in range(12):
        assert await rows(statements, "SELECT count(*) FROM test_d") == [[0]]
        await write(statements, "UPDATE test_data SET score = 1 WHERE id = 99")


async def test_who_no_longer_waits_leaves_nothing_running(statements: Statements) -> None:
    for query in (
        FOREVER + "SELECT max(n) FROM c",
        FOREVER + "INSERT INTO test_d (a) SELECT n FROM c",
    ):
        request = {"query": query, "allow_write": True, "timeout_ms": 30_000}
        waiting = asyncio.create_task(statements.perform("test", "execute", request))
        await asyncio.sleep(0.2)  # so that it is at work in the database when it is ended
        waiting.cancel()
        began = time.perf_counter()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert time.perf_counter() - began < 5
    assert (await write(statements, "INSERT INTO test_d (a) VALUES (1)"))["count"] == 1
    assert await rows(statements, "SELECT a FROM test_d") == [[1]]


async def test_slow_statements_leave_connections_to_others(statements: Statements) -> None:
    request = {"query": FOREVER + "SELECT max(n) FROM c", "timeout_ms": 2500}
    many = [asyncio.create_task(statements.perform("test", "query", request)) for _ in range(6)]
    results = await asyncio.gather(*many, return_exceptions=True)
    codes = [result.code for result in results if isinstance(result, Refusal)]
    assert sorted(codes) == [Code.TIMEOUT] * 4 + [Code.UNAVAILABLE] * 2


async def test_the_memory_of_a_statement_is_bounded(statements: Statements) -> None:
    query = (
        "WITH RECURSIVE c(s) AS (SELECT 'xxxxxxxx' UNION ALL SELECT s || s FROM c"
        " WHERE length(s) < 10000000) SELECT s FROM c"
    )
    problem = await refused(statements, "query", {"query": query})
    assert problem.code is Code.VALUE_TOO_LARGE


async def test_only_execute_with_leave_writes(statements: Statements) -> None:
    for query in (
        "DELETE FROM test_data",
        "UPDATE test_data SET score = 1",
        "INSERT INTO test_d (a) VALUES (1)",
        "WITH x AS (SELECT 1) DELETE FROM test_data",
    ):
        for op, allow in (("query", True), ("query", False), ("execute", False)):
            problem = await refused(statements, op, {"query": query, "allow_write": allow})
            assert problem.code is Code.PERMISSION_DENIED
    assert await rows(statements, "SELECT count(*) FROM test_data") == [[3]]
    assert (await statements.perform("test", "execute", {"query": "SELECT 1"}))["rows"] == [[1]]


async def test_the_database_itself_refuses_a_write_while_reading(
    statements: Statements, monkeypatch: pytest.MonkeyPatch
) -> None:
    def blind(plugin: str, query: str, params: int) -> Any:
        statement = check(plugin, query, params)
        return type(statement)("SELECT", statement.tree, statement.tables, "", ())

    monkeypatch.setattr("core.database.statements.check", blind)
    problem = await refused(statements, "query", {"query": "DELETE FROM test_data"})
    assert problem.code is Code.UNAVAILABLE
    monkeypatch.undo()
    assert await rows(statements, "SELECT count(*) FROM test_data") == [[3]]
    assert (await write(statements, "DELETE FROM test_data"))["count"] == 3


async def test_a_write_counts_its_rows_and_is_recorded(statements: Statements) -> None:
    changed = await write(statements, "UPDATE test_data SET score = 1 WHERE id < 3")
    assert changed == {"columns": [], "rows": [], "count": 2, "truncated": False}
    listed = await write(statements, "DELETE FROM test_data RETURNING id", max_rows=2)
    assert (listed["count"], len(listed["rows"]), listed["truncated"]) == (3, 2, True)
    query = "WITH x AS (SELECT 7 AS n) INSERT INTO test_d (a) SELECT n FROM x"
    assert (await write(statements, query))["count"] == 1
    request = {"query": "INSERT INTO test_other (name) VALUES ('ann')", "allow_write": True}
    assert (await refused(statements, "execute", request)).code is Code.CONFLICT
    async with statements._store.read() as connection:
        wanted = select(audit.c.plugin, audit.c.operation, audit.c.table_name, audit.c.outcome)
        found = [tuple(row) for row in await connection.execute(wanted.order_by(audit.c.id))]
    assert found[-4:] == [
        ("test", "sql", "data", "done"),
        ("test", "sql", "data", "done"),
        ("test", "sql", "d", "done"),
        ("test", "sql", "other", "CONFLICT"),
    ]


async def test_a_write_too_large_to_tell_is_not_done(statements: Statements) -> None:
    query = "UPDATE test_data SET note = $1 RETURNING note, note, note"
    request = {"query": query, "params": ["x" * 100_000], "allow_write": True}
    assert (await refused(statements, "execute", request)).code is Code.VALUE_TOO_LARGE
    assert await rows(statements, "SELECT max(length(note)) FROM test_data") == [[3]]


async def test_other_kinds_of_request(statements: Statements) -> None:
    assert (await refused(statements, "drop", {})).code is Code.NOT_FOUND
    assert (await refused(statements, "query", {})).code is Code.REQUEST_VALIDATION_ERROR
    problem = await refused(statements, "query", {"query": "SELECT 1", "params": {"a": 1}})
    assert problem.problem.field == "params"
    missing = await refused(statements, "query", {"query": "SELECT * FROM test_nowhere"})
    assert missing.code is Code.VALIDATION_ERROR
    assert "test_nowhere" in str(missing)
    record = await refused(statements, "query", {"query": "SELECT test_data FROM test_data"})
    assert record.code is Code.VALIDATION_ERROR
    infinite = await refused(statements, "query", {"query": "SELECT 9e307 * $1", "params": [1e300]})
    assert infinite.code is Code.VALIDATION_ERROR
    sums = "SELECT sum(x) FROM (SELECT 9223372036854775807 AS x UNION ALL SELECT 9) AS t"
    assert (await refused(statements, "query", {"query": sums})).code is Code.VALIDATION_ERROR


def test_what_is_no_mistake_in_a_statement_stays_what_it_is() -> None:
    run = Run("SELECT 1", [], 1.0, 1, writes=False)
    for problem in (asyncpg.InternalServerError("x"), sqlite3.InternalError("x")):
        with pytest.raises(type(problem)), in_our_words(run):
            raise problem


def test_values_as_json() -> None:
    moment = datetime(2025, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    given = [True, Decimal("6"), Decimal("2.50"), b"\x01", date(2025, 1, 1), moment]
    assert [plain(value) for value in given] == [
        *(1, 6, 2.5, "01", "2025-01-01", "2025-01-01T00:00:00Z"),
    ]
