"""What values and statements mean is the same on both databases."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.database.sql_rules import check
from core.database.sql_runs import plain
from core.database.sql_values import bind
from core.database.statements import Statements
from core.database.store import Store
from rosey.contracts.storage import Code
from tests.core.database.sql_stage import ask, refused, rows, staged, write


@pytest.fixture
async def statements(store: Store) -> Statements:
    return await staged(store)


TYPED = [
    ("score > $1", 5, ["bob"]),
    ("score > $1", 1.5, ["ann", "bob"]),
    ("score > $1", "5", ["bob"]),
    ("score > $1", True, ["ann", "bob"]),
    ("score > $1", None, []),
    ("score > ($1)", "5", ["bob"]),
    ("score > -$1", "-5", ["bob"]),
    ("coalesce(score, 0) < $1", "5", ["Cid"]),
    ("score = $1", 5.0, ["ann"]),
    ("$1 < score", 9.5, ["bob"]),
    ("NOT score > $1", 5, ["ann"]),
    ("score + $1 = 11", 1, ["bob"]),
    ("score * $1 > 7", 1.5, ["ann", "bob"]),
    ("score IN ($1, 10)", "5", ["ann", "bob"]),
    ("score BETWEEN $1 AND 7", 4.5, ["ann"]),
    ("coalesce(score, $1) = 0", 0, ["Cid"]),
    ("rate >= $1", 1, ["Cid"]),
    ("rate < $1", "1e0", ["ann"]),
    ("flag = $1", True, ["ann"]),
    ("flag = $1", 0, ["bob"]),
    ("flag = $1", "yes", ["ann"]),
    ("flag", None, ["ann"]),
    ("flag = TRUE", None, ["ann"]),
    ("at > $1", "2025-01-01T00:00:00Z", ["bob"]),
    ("at <= $1", "2025-01-01T01:00:00+01:00", ["ann"]),
    ("at > $1", "2025-01-01", ["bob"]),
    ("at > '2025-03-01T00:00:00Z'", None, ["bob"]),
    ("at < CURRENT_TIMESTAMP AND at < CURRENT_DATE", None, ["ann", "bob"]),
    ("date(at) = '2025-06-01'", None, ["bob"]),
    ("EXTRACT(MONTH FROM at) = $1", 6, ["bob"]),
    ("EXTRACT(MINUTE FROM at) = 30 AND EXTRACT(DOW FROM at) = 0", None, ["bob"]),
    ("name = $1", "ann", ["ann"]),
    ("name = $1", 5, []),
    ("name LIKE $1", "%b%", ["bob"]),
    ("name LIKE 'c%'", None, []),
    ("name ILIKE 'c%'", None, ["Cid"]),
    ("name NOT ILIKE $1", "C%", ["ann", "bob"]),
    ("note LIKE $1", "a\\%b", ["ann"]),
    ("note LIKE 'a!%b' ESCAPE '!'", None, ["ann"]),
    ("note = 'x\\y'", None, ["Cid"]),
    ("length(name) = $1 AND substr(name, $1) = 'b'", 3, ["bob"]),
    ("upper(name) = $1", "CID", ["Cid"]),
    ("name || $1 = 'ann1'", 1, ["ann"]),
    ("position('i' IN name) = 2", None, ["Cid"]),
    ("trim(both 'a' FROM name) = 'nn'", None, ["ann"]),
    ("score IS DISTINCT FROM $1", 5, ["bob", "Cid"]),
    ("score IS NULL", None, ["Cid"]),
    ("(name, score) IN (SELECT name, score FROM test_other)", None, ["ann", "bob"]),
    ("CASE WHEN score > $1 THEN 1 ELSE 0 END = 1", 7, ["bob"]),
    ("round(rate, 0) = $1", 1, ["ann"]),
    ("score / 0 IS NULL AND score % 0 IS NULL", None, ["ann", "bob", "Cid"]),
    ("score / 3 = $1", 3, ["bob"]),
    ("CAST(score AS TEXT) = '10'", None, ["bob"]),
    ("score = CAST($1 AS INT)", "10", ["bob"]),
]


async def test_a_value_means_the_same_everywhere(statements: Statements) -> None:
    found, wanted = {}, {}
    for where, value, expected in TYPED:
        query = f"SELECT name FROM test_data WHERE {where} ORDER BY id"
        # Also through other names, and from within.
        inside = "SELECT t.name FROM (SELECT * FROM test_data AS d) AS t WHERE t.id IN ("
        inside += f"SELECT id FROM test_data WHERE {where}) ORDER BY t.id"
        for text_ in (query, inside):
            wanted[text_, str(value)] = expected
            found[text_, str(value)] = [name for [name] in await rows(statements, text_, value)]
    assert found == wanted


UNFIT: list[tuple[str, Any]] = [
    ("score > $1", "x"),
    ("score > $1", "1_0"),
    ("score > $1", {}),
    ("score > $1", 2**63),
    ("score > $1", "9223372036854775808"),
    ("rate > $1", "nan"),
    ("rate > $1", "x"),
    ("rate > $1", "1e999"),
    ("flag = $1", "maybe"),
    ("flag = $1", 2),
    ("at > $1", "yesterday"),
    ("at > $1", 5),
    ("at > 'now'", None),
    ("name = $1", "\ud800"),
    ("max(score) > $1", "x"),
    ("length(name) > $1", "x"),
    ("nosuch = $1", "x"),
    ("nosuch = 'x'", None),
    ("sum(score) > 1", None),
]


async def test_a_value_that_does_not_fit_is_refused_everywhere(statements: Statements) -> None:
    for where, value in UNFIT:
        query = {"query": f"SELECT name FROM test_data WHERE {where}", "params": [value]}
        problem = await refused(statements, "query", query)
        assert problem.code is Code.VALIDATION_ERROR, where
        assert len(str(problem)) > 10


# Whatever may be written: the text itself and the text made from it give the same rows.
SAME = [
    "SELECT 'x' || (1 + 2), 2 * 3 - 4 - 5, 8 / 4 / 2, 7 % 4, -(-3), 1 - (2 - 3), 5 - -2 AS a",
    "SELECT NOT 1 = 2, 1 < 2 AND NOT 2 < 1 OR 1 = 1, 1 = 1 IS NOT NULL AS a",
    "SELECT 'it''s', 'a\\nb\\', '--x', '/*', ';', '\"', '`', '$1', '?', 'ü😀' AS a",
    "SELECT 1.5, 1e2 = 100, .5 + 1., 9223372036854775807 AS a",
    "SELECT id, name AS \"The Name\", t.score AS S FROM test_data AS t ORDER BY id",
    "SELECT count(*) AS n, count(score) AS m, sum(score) AS s, avg(score) AS v, min(name) AS l,"
    " max(rate) AS h, count(DISTINCT flag) AS d FROM test_data",
    "SELECT flag AS f, count(*) FILTER (WHERE score > 5) AS n FROM test_data GROUP BY flag"
    " HAVING count(*) > 0 ORDER BY count(*), max(name)",
    "SELECT name, rank() OVER (ORDER BY id DESC) AS r, lag(name, 1) OVER (ORDER BY id) AS l,"
    " sum(score) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS s"
    " FROM test_data ORDER BY id",
    "SELECT a.name, b.score FROM test_data AS a LEFT JOIN test_other AS b ON a.id = b.id"
    " AND b.score > 5 CROSS JOIN (SELECT 1 AS one) AS c ORDER BY a.id",
    "SELECT id FROM test_data JOIN test_other USING (id, name) ORDER BY id LIMIT 2 OFFSET 1",
    "SELECT name FROM test_data NATURAL JOIN test_other WHERE score < 9",
    "SELECT name FROM test_data UNION SELECT note FROM test_other WHERE note IS NOT NULL"
    " EXCEPT SELECT 'bob' ORDER BY 1 DESC",
    "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 5),"
    " d AS (SELECT n * n AS q FROM c) SELECT sum(q) AS s FROM d",
    "SELECT name FROM test_data WHERE EXISTS (SELECT 1 FROM test_other AS o"
    " WHERE o.id > test_data.id) ORDER BY id -- the end",
    "SELECT CASE score WHEN 5 THEN 'five' ELSE coalesce(note, 'none') END AS c, nullif(score, 5)"
    " AS n, abs(-2) AS p, lower('ABC') AS l, replace(name, 'n', 'm') AS r, ltrim('  x') AS t,"
    " rtrim('xy', 'y') AS u, substr(name, 2, 1) AS v FROM test_data ORDER BY id",
    "SELECT DISTINCT score IS NULL AS empty FROM test_data ORDER BY 1",
    "SELECT (SELECT max(score) FROM test_other) AS most, CAST(score AS DOUBLE PRECISION) AS d"
    " FROM test_data WHERE score IS NOT NULL AND id NOT IN (SELECT 99) ORDER BY id",
    "SELECT name FROM test_data WHERE name NOT LIKE 'a%' AND score BETWEEN 1 + 1 AND 5 * 2",
    "INSERT INTO test_d (a) SELECT score FROM test_data WHERE score > 5 RETURNING a",
    "INSERT INTO test_data (name, score) VALUES ('ann', 1), ('dan', 2) ON CONFLICT (name)"
    " DO UPDATE SET score = test_data.score + excluded.score WHERE excluded.score > 0"
    " RETURNING name, score",
    "INSERT INTO test_data (name) SELECT name || '2' FROM test_other WHERE TRUE ON CONFLICT"
    " DO NOTHING",
    "UPDATE test_data SET score = o.score + 1, note = NULL FROM test_other AS o"
    " WHERE o.id = test_data.id AND o.score > 5 RETURNING test_data.name, test_data.score",
    "UPDATE test_data SET (score, rate) = (1, 2.5) WHERE id = 1 RETURNING score, rate",
    "DELETE FROM test_data WHERE score IN (SELECT max(score) FROM test_other) RETURNING name",
    "WITH x AS (SELECT max(id) AS m FROM test_data) DELETE FROM test_data WHERE id IN"
    " (SELECT m FROM x) RETURNING name",
]  # fmt: skip


async def test_what_runs_means_what_was_asked(statements: Statements) -> None:
    store = statements._store
    for query in SAME:
        made, values = bind(check("test", query, 0), [], {}, store.is_sqlite)
        assert not values
        assert await _given(store, made) == await _given(store, query), query


async def _given(store: Store, query: str) -> list[list[Any]]:
    """What a statement gives and how many rows it touches; then it is undone."""
    async with store.engine.connect() as connection:
        result = await connection.exec_driver_sql(query)
        if not result.returns_rows:
            assert result.rowcount
            found = [[result.rowcount]]
        else:
            found = [[plain(value) for value in row] for row in result]
            assert found, query
        await connection.rollback()
    return found


async def test_a_changed_table_may_have_another_name(statements: Statements) -> None:
    for query in (
        "UPDATE test_data AS d SET note = 'n' FROM test_other AS o WHERE o.id = d.id AND d.id = 1"
        " RETURNING d.name, (SELECT max(d.score) FROM test_other AS d)",
        "INSERT INTO test_data AS d (name) VALUES ('ann') ON CONFLICT (name)"
        " DO UPDATE SET score = d.score + 5 RETURNING d.name, d.score",
        "DELETE FROM test_data AS d WHERE d.name = 'ann' RETURNING d.name, d.score",
    ):
        assert (await write(statements, query))["rows"] == [["ann", 10]], query


async def test_conflicts_are_told_from_joins(statements: Statements) -> None:
    for query, count in (
        ("INSERT INTO test_data (name) SELECT name FROM test_other ON CONFLICT DO NOTHING", 0),
        ("INSERT INTO test_data (name) SELECT 'zoe' AS name UNION SELECT name FROM test_other"
         " ON CONFLICT (name) DO NOTHING", 1),
    ):  # fmt: skip
        assert (await write(statements, query))["count"] == count


@pytest.mark.parametrize("is_own", [True, False])
async def test_names_do_not_depend_on_the_database(statements: Statements, is_own: bool) -> None:
    query = "SELECT Name, t.ID, count(*) OVER (), 1 + 1, upper(name) AS Big FROM TEST_Data t"
    if not is_own:
        query = f"SELECT x.* FROM ({query}) AS x"
    found = await ask(statements, query)
    assert found["columns"] == ["name", "id", "count", "column_4", "big"]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    value=st.text(max_size=30).filter(lambda value: "\0" not in value),
    number=st.integers(-(2**63) + 1, 2**63 - 1),
)
async def test_texts_and_numbers_come_back(statements: Statements, value: str, number: int) -> None:
    quoted = value.replace("'", "''")
    found = await rows(statements, f"SELECT '{quoted}' AS a, $1, $2, {number} AS b", value, number)
    assert found == [[value, value, number, number]]


async def test_values_kept_are_of_their_columns_kind(statements: Statements) -> None:
    for query in (
        "INSERT INTO test_data (score, flag, at) VALUES ($1, $2, $3) RETURNING score, flag, at",
        "INSERT INTO test_data (score, flag, at) SELECT $1, $2, $3 RETURNING score, flag, at",
        "UPDATE test_data SET score = $1, flag = $2, at = $3 WHERE id = 1"
        " RETURNING score, flag, at",
    ):
        found = await write(statements, query, 1.9, "no", "2025-02-01 10:00:00+02:00")
        assert found["rows"] == [[1, 0, "2025-02-01T08:00:00Z"]]
    everything = "INSERT INTO test_other VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING *"
    found = await write(statements, everything, "77", 5, "6", 7, 1, "2025-02-01", [1, {"a": None}])
    assert found["rows"] == [[77, "5", 6, 7.0, 1, "2025-02-01T00:00:00Z", '[1,{"a":null}]']]


async def test_limits_take_whole_numbers(statements: Statements) -> None:
    query = "SELECT id FROM test_data ORDER BY id LIMIT $1 OFFSET $2"
    assert await rows(statements, query, "2", 1) == [[2], [3]]
    for value in (None, -1, "x", 1.5):
        problem = await refused(statements, "query", {"query": query, "params": [value, 0]})
        assert problem.code is Code.VALIDATION_ERROR


async def test_the_same_value_stands_for_itself_in_groups(statements: Statements) -> None:
    query = "SELECT score + $1, count(*) FROM test_data GROUP BY score + $1 ORDER BY 1"
    assert await rows(statements, query, 1) == [[None, 1], [6, 1], [11, 1]]


def test_a_name_that_may_be_another_thing_has_no_kind() -> None:
    columns: dict[str, dict[str, Any]] = {"test_a": {"n": "text"}, "test_b": {"n": "integer"}}
    for query, expected in (
        ("SELECT * FROM test_a WHERE n = $1", "5"),
        ("SELECT * FROM test_b WHERE n = $1", 5),
        ("SELECT * FROM test_a, test_b WHERE n = $1", 5.0),
        ("SELECT * FROM test_a, test_b AS b WHERE test_a.n = $1 OR b.n > 2", "5.0"),
        ("SELECT * FROM (SELECT 1 AS n FROM test_a) AS t WHERE n = $1", 5.0),
        ("WITH t(n) AS (SELECT 1 FROM test_a) SELECT * FROM t WHERE t.n = $1", 5.0),
    ):
        statement = check("test", query, 1)
        known = {table: columns[table] for table in statement.tables}
        value = 5 if expected in ("5", 5) else 5.0
        assert bind(statement, [value], known, is_sqlite=True)[1] == [expected]
