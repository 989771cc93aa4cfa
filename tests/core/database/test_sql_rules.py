"""Which SQL a plugin may have run; nothing here touches a database."""

import time
from typing import Any

import pytest

from core.database.sql_rules import MOST_WORDS, check
from rosey.contracts.storage import Code
from tests.core.database.sql_stage import accepted, unaccepted
from tests.vectors import ids, load

# Has the very text of sql_validator-002 and -005, which accept it: no rule can give both.
LOST = {"sql_validator-081"}
VECTORS = [vector for vector in load("sql_validator") if vector["id"] not in LOST]


@pytest.mark.parametrize("vector", VECTORS, ids=ids(VECTORS))
def test_vectors(vector: dict[str, Any]) -> None:
    given, expected = vector["in"], vector["out"]
    if expected["accept"]:
        statement = check(given["plugin"], given["query"], len(given["params"]))
        assert statement.kind == expected["statement"]
        return
    code = unaccepted(given["query"], len(given["params"]), given["plugin"])
    fitting = expected.get("error_any_of") or [expected.get("error", code)]
    assert code in fitting


def test_the_lost_vector_contradicts_others() -> None:
    texts = {
        vector["id"]: vector["in"]["query"].lower().rstrip(";") for vector in load("sql_validator")
    }
    assert texts["sql_validator-081"] == texts["sql_validator-002"] == texts["sql_validator-005"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("  ;  ; ", Code.EMPTY_QUERY),
        ("/* nothing */", Code.EMPTY_QUERY),
        ("SELECT 'open", Code.PARSE_ERROR),
        ("SELECT /* open", Code.PARSE_ERROR),
        ("SELECT 1 FROM", Code.PARSE_ERROR),
        ("SELECT a\0 FROM test_a", Code.PARSE_ERROR),
        ("SELECT '\ud800'", Code.PARSE_ERROR),
        ("SELECT 1 AS ä", Code.PARSE_ERROR),
        ("SELECT 0x10", Code.PARSE_ERROR),
        ("SELECT 1_000", Code.PARSE_ERROR),
        ("SELECT e'\\x41'", Code.PARSE_ERROR),
        ("SELECT a AS $1 FROM test_a", Code.PARSE_ERROR),
        ('SELECT "a`b" FROM test_a', Code.PARSE_ERROR),
        ("SELECT" + " 1," * MOST_WORDS + " 1", Code.PARSE_ERROR),
        ("SELECT 1;SELECT 2", Code.STACKED_QUERIES),
        ("SELECT 1; --\n COMMIT", Code.STACKED_QUERIES),
        ("COMMIT; SELECT 1", Code.STACKED_QUERIES),
        ("(SELECT 1)", Code.FORBIDDEN_STATEMENT),
        ("VALUES (1)", Code.FORBIDDEN_STATEMENT),
        ("DO $$ BEGIN END $$", Code.FORBIDDEN_STATEMENT),
        ("WITH x AS (SELECT 1) MERGE INTO test_a USING x ON TRUE WHEN MATCHED THEN DELETE",
         Code.FORBIDDEN_STATEMENT),
        ("WITH x AS (DELETE FROM test_a RETURNING *) SELECT * FROM x", Code.FORBIDDEN_STATEMENT),
        ("SELECT * FROM test_a FOR SHARE SKIP LOCKED", Code.FORBIDDEN_KEYWORD),
        ("SELECT a INTO test_b FROM test_a", Code.FORBIDDEN_KEYWORD),
        ("SELECT DISTINCT ON (a) a FROM test_a", Code.FORBIDDEN_KEYWORD),
        ("INSERT INTO test_a (a) VALUES (1) ON CONFLICT ON CONSTRAINT x DO NOTHING",
         Code.FORBIDDEN_KEYWORD),
        ("SELECT 1 EXCEPT ALL SELECT 2", Code.FORBIDDEN_KEYWORD),
        ("SELECT * FROM (SELECT 1) AS t(a)", Code.FORBIDDEN_KEYWORD),
        ("SELECT a FROM test_a WHERE a IN (VALUES (1))", Code.FORBIDDEN_KEYWORD),
        ("SELECT * FROM ((SELECT 1)) AS t", Code.FORBIDDEN_KEYWORD),
        ("SELECT a FROM test_a LIMIT ALL", Code.FORBIDDEN_KEYWORD),
        ("INSERT INTO test_a (a) VALUES (DEFAULT)", Code.FORBIDDEN_KEYWORD),
        ("SELECT a LIKE 'x' ESCAPE '!!' FROM test_a", Code.FORBIDDEN_KEYWORD),
        ("SELECT sum(a) OVER (ORDER BY a ROWS BETWEEN a PRECEDING AND CURRENT ROW) FROM test_a",
         Code.FORBIDDEN_KEYWORD),
        ("SELECT sum(a) OVER (ORDER BY a GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM test_a",
         Code.FORBIDDEN_KEYWORD),
        ("SELECT sum(a) OVER (ORDER BY a ROWS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE TIES)"
         " FROM test_a", Code.FORBIDDEN_KEYWORD),
        ("SELECT 1e9999", Code.PARSE_ERROR),
        ("SELECT CASE WHEN 1", Code.PARSE_ERROR),
        ("SELECT $0", Code.INVALID_PLACEHOLDER),
        ("SELECT $00", Code.INVALID_PLACEHOLDER),
        ("SELECT $x", Code.INVALID_PLACEHOLDER),
        ("SELECT $ 1", Code.INVALID_PLACEHOLDER),
        ("SELECT $", Code.INVALID_PLACEHOLDER),
        ("SELECT $$a$$", Code.INVALID_PLACEHOLDER),
        ("SELECT ?", Code.INVALID_PLACEHOLDER),
        ("SELECT ?1", Code.INVALID_PLACEHOLDER),
        ("SELECT :x", Code.INVALID_PLACEHOLDER),
        ("SELECT @x", Code.INVALID_PLACEHOLDER),
        ("SELECT a FROM test_a WHERE a = %s", Code.INVALID_PLACEHOLDER),
        ("INSERT INTO test_a (a) VALUES (%s, %s)", Code.INVALID_PLACEHOLDER),
        ("SELECT a FROM test_a WHERE a = %(x)s", Code.INVALID_PLACEHOLDER),
        ("SELECT $10", Code.PARAM_COUNT_MISMATCH),
    ],
)  # fmt: skip
def test_other_refusals(query: str, code: Code) -> None:
    assert unaccepted(query) is code


@pytest.mark.parametrize(
    "call",
    [
        "pg_sleep(9)", "pg_read_file('x')", "current_setting('x')", "set_config('a', 'b', true)",
        "nextval('x')", "lo_import('x')", "query_to_xml('SELECT 1', true, true, '')", "version()",
        "random()", "dblink('x')", "load_extension('x')", "readfile('x')", "writefile('x', 'y')",
        "zeroblob(9)", "randomblob(9)", "repeat('x', 9)", "json_extract(a, '$')", "rosey_lower(a)",
        "current_user", "session_user", "max(a, b)", "string_agg(b, ',')", "array_agg(a)",
        "row_to_json(test_a)", "pg_catalog.lower(b)", "public.lower(b)", "ROW(1, 2)", "ARRAY[1]",
        "a::regclass", "CAST(b AS json)", "b COLLATE \"C\"", "b ~ 'x'", "b SIMILAR TO 'x'",
        "INTERVAL '1 day'", "a[1]", "(test_a).a", "EXTRACT(EPOCH FROM c)", "test_a.x.y.z",
    ],
)  # fmt: skip
def test_what_is_no_listed_function_is_refused(call: str) -> None:
    for query in (f"SELECT {call} FROM test_a", f"DELETE FROM test_a WHERE 1 = {call}"):
        assert unaccepted(query) in (
            Code.FORBIDDEN_KEYWORD,
            Code.PARSE_ERROR,
            Code.NAMESPACE_VIOLATION,
        )


def test_placeholders_come_in_any_order_with_gaps() -> None:
    assert accepted("SELECT $3, $1 FROM test_a WHERE a = $3", 5).placeholders == (3, 1, 3)
    assert accepted("SELECT a %2, $1 %3, (a) %b FROM test_a", 1).placeholders == (1,)
    assert accepted("SELECT '$7 ? :x %s' -- $8\n", 0).placeholders == ()


@pytest.mark.parametrize("query", [
    "SELECT * FROM test_a" + " JOIN test_b" * 200,
    "SELECT * FROM test_a" + " JOIN test_b" * 20 + " ON TRUE",
    "SELECT " + "(" * 400 + "1" + ")" * 400,
    "SELECT " + "(SELECT " * 200 + "1" + ")" * 200,
    "SELECT " + "NOT " * 2000 + "TRUE",
    "SELECT " + "- " * 2000 + "1",
    "SELECT " + "CASE WHEN " * 200 + "1",
    "SELECT " + "lower(" * 400,
])  # fmt: skip
def test_tangled_statements_are_refused_quickly(query: str) -> None:
    began = time.perf_counter()
    assert unaccepted(query) is Code.PARSE_ERROR
    assert time.perf_counter() - began < 2
