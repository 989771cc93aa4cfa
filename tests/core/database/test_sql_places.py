"""A plugin reaches its own tables and no others, wherever a table can stand."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.database.problems import Refusal
from core.database.sql_dialects import written
from rosey.contracts.storage import Code
from tests.core.database.sql_stage import accepted, unaccepted

# {} is a table; with an own one each is accepted, with another's each is refused.
PLACES = [
    "SELECT * FROM {}",
    "SELECT * FROM {} AS t",
    "SELECT * FROM test_a, {}",
    "SELECT * FROM test_a JOIN {} ON TRUE",
    "SELECT * FROM test_a LEFT JOIN {} AS t ON TRUE",
    "SELECT * FROM test_a CROSS JOIN {}",
    "SELECT * FROM test_a NATURAL JOIN {}",
    "SELECT * FROM test_a JOIN {} USING (a)",
    "SELECT * FROM test_a JOIN (test_b CROSS JOIN {}) ON TRUE",
    "SELECT * FROM (SELECT * FROM {}) AS t",
    "SELECT * FROM test_a JOIN (SELECT * FROM {}) AS t ON TRUE",
    "SELECT * FROM test_a JOIN test_b ON test_b.a = (SELECT max(a) FROM {})",
    "SELECT (SELECT a FROM {}) FROM test_a",
    "SELECT coalesce((SELECT a FROM {}), 1) AS b FROM test_a",
    "SELECT CASE WHEN EXISTS (SELECT 1 FROM {}) THEN 1 END FROM test_a",
    "SELECT count(*) FILTER (WHERE a IN (SELECT a FROM {})) FROM test_a",
    "SELECT sum(a) OVER (ORDER BY (SELECT a FROM {})) FROM test_a",
    "SELECT a FROM test_a WHERE a IN (SELECT a FROM {})",
    "SELECT a FROM test_a WHERE a = (SELECT a FROM {} LIMIT 1)",
    "SELECT a FROM test_a WHERE NOT EXISTS (SELECT 1 FROM {} AS x WHERE x.a = test_a.a)",
    "SELECT a FROM test_a WHERE a BETWEEN 1 AND (SELECT a FROM {})",
    "SELECT a FROM test_a WHERE b LIKE (SELECT b FROM {})",
    "SELECT a FROM test_a GROUP BY (SELECT a FROM {})",
    "SELECT a FROM test_a GROUP BY a HAVING max(b) > (SELECT a FROM {})",
    "SELECT a FROM test_a ORDER BY (SELECT a FROM {})",
    "SELECT a FROM test_a UNION SELECT a FROM {}",
    "SELECT a FROM {} UNION ALL SELECT a FROM test_a",
    "SELECT a FROM test_a EXCEPT SELECT a FROM {}",
    "SELECT a FROM test_a INTERSECT SELECT a FROM {}",
    "WITH x AS (SELECT a FROM {}) SELECT * FROM x",
    "WITH x AS (SELECT 1), y AS (SELECT a FROM {}) SELECT * FROM x",
    "WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n FROM x JOIN {} ON n < 3) SELECT n FROM x",
    "SELECT * FROM (WITH x AS (SELECT a FROM {}) SELECT * FROM x) AS t",
    "WITH x AS (SELECT 1 AS n) SELECT * FROM x, {}",
    "WITH x AS (TABLE {}) SELECT * FROM x",
    "INSERT INTO test_a TABLE {}",
    "INSERT INTO {} (a) VALUES (1)",
    "INSERT INTO {} DEFAULT VALUES",
    "INSERT INTO {} AS t (a) VALUES (1) RETURNING *",
    "INSERT INTO {} SELECT * FROM test_a",
    "WITH x AS (SELECT 1 AS n) INSERT INTO {} (a) SELECT n FROM x",
    "INSERT INTO test_a SELECT * FROM {}",
    "INSERT INTO test_a (a) VALUES ((SELECT a FROM {}))",
    "INSERT INTO test_a (a) WITH x AS (SELECT a FROM {}) SELECT a FROM x",
    "WITH x AS (SELECT a FROM {}) INSERT INTO test_a (a) SELECT a FROM x",
    "INSERT INTO test_a (a) VALUES (1) RETURNING (SELECT a FROM {})",
    "INSERT INTO test_a (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET b = (SELECT b FROM {})",
    "INSERT INTO test_a (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET b = 1"
    " WHERE EXISTS (SELECT 1 FROM {})",
    "UPDATE {} SET a = 1",
    "UPDATE {} AS t SET a = 1 WHERE t.b = 2",
    "WITH x AS (SELECT 1 AS n) UPDATE {} SET a = 1",
    "UPDATE test_a SET a = (SELECT a FROM {})",
    "UPDATE test_a SET a = t.a FROM {} AS t",
    "UPDATE test_a SET a = 1 FROM test_b JOIN {} AS t ON TRUE",
    "UPDATE test_a SET a = 1 FROM (SELECT * FROM {}) AS t",
    "UPDATE test_a SET a = 1 WHERE a IN (SELECT a FROM {})",
    "UPDATE test_a SET a = 1 RETURNING (SELECT a FROM {})",
    "WITH x AS (SELECT a FROM {}) UPDATE test_a SET a = 1 FROM x",
    "DELETE FROM {}",
    "DELETE FROM {} AS t WHERE t.a = 1 RETURNING *",
    "WITH x AS (SELECT 1 AS n) DELETE FROM {}",
    "DELETE FROM test_a WHERE a IN (SELECT a FROM {})",
    "DELETE FROM test_a RETURNING (SELECT a FROM {})",
    "WITH x AS (SELECT a FROM {}) DELETE FROM test_a WHERE a IN (SELECT a FROM x)",
]
# Also refused with an own table, but never because nobody looked for the table.
STRANGE_PLACES = [
    "DELETE FROM test_a USING {}",
    "SELECT * FROM test_a, LATERAL (SELECT * FROM {}) AS t",
    "SELECT * FROM ONLY {}",
    "SELECT * FROM {} TABLESAMPLE SYSTEM (50)",
    "SELECT * FROM {} FOR UPDATE",
    "SELECT * INTO {} FROM test_a",
    "SELECT * FROM test_a RIGHT JOIN {} ON TRUE",
    "SELECT * FROM test_a FULL JOIN {} ON TRUE",
    "SELECT a FROM test_a UNION (SELECT a FROM {})",
    "SELECT a FROM test_a WHERE a = ANY (SELECT a FROM {})",
    "SELECT ARRAY(SELECT a FROM {})",
    "SELECT * FROM (VALUES ((SELECT a FROM {}))) AS t",
    "SELECT a FROM test_a LIMIT (SELECT a FROM {})",
    "WITH x AS (DELETE FROM {} RETURNING *) SELECT * FROM x",
    "WITH x AS (INSERT INTO {} (a) VALUES (1) RETURNING *) SELECT * FROM x",
    "WITH x AS (UPDATE {} SET a = 1 RETURNING *) SELECT * FROM x",
    "INSERT OR REPLACE INTO {} (a) VALUES (1)",
    "MERGE INTO {} USING test_a ON TRUE WHEN MATCHED THEN DELETE",
    "TABLE {}",
    "TRUNCATE {}",
    "DROP TABLE {}",
    "ALTER TABLE {} ADD COLUMN x INT",
    "CREATE INDEX x ON {} (a)",
    "CREATE TABLE test_x AS SELECT * FROM {}",
    "COPY {} TO STDOUT",
    "LOCK TABLE {}",
    "EXPLAIN SELECT * FROM {}",
    "EXPLAIN ANALYZE DELETE FROM {}",
    "VACUUM {}",
    "REPLACE INTO {} (a) VALUES (1)",
]
OTHERS = [
    "users",
    "quote_a",
    "testing_a",
    "test",
    "test_",
    "core_chat",
    "a_test_a",
    '"TEST_A"',
    "TESTA",
]
SYSTEM = ["sqlite_master", "SQLite_Schema", '"sqlite_master"', "pg_class", "PG_Shadow", "db_kv"]
SYSTEM += [
    "pragma_table_list",
    "alembic_version",
    "pg_catalog.pg_class",
    "information_schema.tables",
]
SCHEMAS = [
    "public.test_a",
    "main.test_a",
    "temp.test_a",
    "other.public.test_a",
    '"public"."test_a"',
]
ALIKE = ["tеst_a", "test＿a", "ｔest_a", "teſt_a", "TEST_ı", '"tеst_a"', "test_á"]
FUNCTIONS = ["pg_read_file('/etc/passwd')", "pg_ls_dir('.')", "generate_series(1, 9)"]
FUNCTIONS += ["json_each('[1]')", "pragma_table_info('users')", "dblink('x', 'SELECT 1')"]
FUNCTIONS += ["test_a(1)", "unnest(ARRAY[1])", "ROWS FROM (pg_ls_dir('.'))", "xmltable('x')"]


@pytest.mark.parametrize("place", PLACES)
def test_own_tables_stand_everywhere(place: str) -> None:
    for name in ("test_own", "TEST_Own", '"test_own"', "test_own_2"):
        statement = accepted(place.format(name))
        assert name.strip('"').lower() in statement.tables
        assert all(table.startswith("test_") for table in statement.tables)


@pytest.mark.parametrize("place", PLACES + STRANGE_PLACES)
def test_others_tables_stand_nowhere(place: str) -> None:
    for name in OTHERS + SYSTEM + SCHEMAS + ALIKE + FUNCTIONS:
        unaccepted(place.format(name))


@pytest.mark.parametrize("place", STRANGE_PLACES)
def test_strange_places_are_closed_to_own_tables_too(place: str) -> None:
    unaccepted(place.format("test_own"))


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (OTHERS + SCHEMAS + ALIKE, Code.NAMESPACE_VIOLATION),
        (SYSTEM, Code.SYSTEM_TABLE_ACCESS),
        (FUNCTIONS[:6], Code.FORBIDDEN_KEYWORD),
    ],
)
def test_the_reason_is_named(names: list[str], code: Code) -> None:
    assert {name: unaccepted(f"SELECT * FROM {name}") for name in names} == dict.fromkeys(
        names, code
    )


@pytest.mark.parametrize("plugin", ["pg", "sqlite", "db", "pragma", "alembic"])
def test_no_plugin_has_the_databases_own_tables(plugin: str) -> None:
    assert unaccepted(f"SELECT * FROM {plugin}_class", plugin=plugin) is Code.SYSTEM_TABLE_ACCESS


@pytest.mark.parametrize(
    "query",
    [
        # A part of WITH hides no other's table outside of where it can be seen.
        "SELECT * FROM users WHERE EXISTS (WITH users AS (SELECT 1) SELECT * FROM users)",
        "SELECT * FROM (WITH users AS (SELECT 1) SELECT * FROM users) AS t, users",
        "WITH users AS (SELECT * FROM users) SELECT * FROM users",
        "WITH a AS (SELECT * FROM users), users AS (SELECT 1) SELECT * FROM a",
        "WITH RECURSIVE a AS (SELECT * FROM users), users AS (SELECT 1) SELECT * FROM a",
        "WITH users AS (SELECT 1) DELETE FROM users",
        "WITH users AS (SELECT 1) UPDATE users SET a = 1",
        "WITH users AS (SELECT 1) INSERT INTO users VALUES (1)",
        'WITH "Users" AS (SELECT 1) SELECT * FROM users',
        "WITH users AS (SELECT 1) SELECT * FROM public.users",
    ],
)
def test_a_part_of_with_opens_no_way(query: str) -> None:
    assert unaccepted(query) is Code.NAMESPACE_VIOLATION


@pytest.mark.parametrize(
    "query",
    [
        "WITH users AS (SELECT 1 AS n) SELECT users.n FROM users",
        "WITH users AS (SELECT 1 AS n) SELECT * FROM (SELECT * FROM users) AS t",
        "WITH users AS (SELECT 1 AS n), b AS (SELECT n FROM users) SELECT n FROM b AS users",
        "WITH RECURSIVE users(n) AS (SELECT 1 UNION SELECT n + 1 FROM users WHERE n < 9)"
        " SELECT n FROM users",
        "INSERT INTO test_a (a) WITH users AS (SELECT 1 AS n) SELECT n FROM users",
        "WITH USERS AS (SELECT 1 AS n) SELECT n FROM Users",
    ],
)
@pytest.mark.parametrize("is_sqlite", [True, False])
def test_a_part_of_with_never_has_the_name_of_a_table(query: str, is_sqlite: bool) -> None:
    statement = accepted(query)
    assert statement.tables <= {"test_a"}
    text = written(statement.tree, is_sqlite)
    quote = "`" if is_sqlite else '"'
    assert f"{quote}test_with users{quote}" in text
    assert f"FROM {quote}users" not in text


# Selects within selects. The table at the bottom is drawn by the test.
_AROUND = [
    "SELECT a FROM ({}) AS t{}",
    "SELECT a FROM test_a WHERE a IN ({}) OR {} = 1",
    "SELECT (SELECT max(a) FROM ({}) AS t{}) AS a FROM test_b",
    "SELECT a FROM test_a UNION ALL {} -- {}",
    "WITH w{1} AS ({0}) SELECT a FROM w{1}",
    "SELECT CASE WHEN EXISTS ({}) THEN a ELSE {} END AS a FROM test_a",
    "SELECT x.a FROM test_a AS x LEFT JOIN ({}) AS t{} ON TRUE",
    "SELECT a FROM test_a GROUP BY a HAVING count(*) > (SELECT sum(a) FROM ({}) AS t{})",
    "SELECT a FROM test_b ORDER BY (SELECT min(a) FROM ({}) AS t{}), /* x */ a",
    "WITH users AS (SELECT 1 AS a) SELECT a FROM users WHERE a IN ({}) AND {} > 0",
]
_OUTSIDE = [
    "{}",
    "INSERT INTO test_a (a) {}",
    "DELETE FROM test_a WHERE a IN ({})",
    "UPDATE test_a SET a = (SELECT max(a) FROM ({}) AS z)",
    "INSERT INTO test_a (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET b = 1 WHERE 1 IN ({})",
]


def nested(table: str, layers: list[str], outside: str) -> str:
    query = f"SELECT a FROM {table}"
    for number, layer in enumerate(layers):
        query = layer.format(query, number).replace(" -- ", "\n-- ") + "\n"
    return outside.format(query)


_layers = st.lists(st.sampled_from(_AROUND), max_size=6)
_foreign = st.sampled_from([*OTHERS, *SYSTEM, *SCHEMAS, *ALIKE, *FUNCTIONS])
_foreign |= st.from_regex(r"[a-z]{1,8}_[a-z]{1,8}", fullmatch=True).filter(
    lambda name: not name.startswith("test_")
)
_own = st.from_regex(r"test_[a-z][a-z0-9_]{0,8}", fullmatch=True)


@settings(max_examples=150, deadline=None)
@given(table=_foreign, layers=_layers, outside=st.sampled_from(_OUTSIDE))
def test_a_foreign_table_somewhere_is_always_refused(
    table: str, layers: list[str], outside: str
) -> None:
    in_sight = any(layer.startswith("WITH users") for layer in layers)
    if not (table == "users" and in_sight):
        unaccepted(nested(table, layers, outside))


@settings(max_examples=150, deadline=None)
@given(table=_own, layers=_layers, outside=st.sampled_from(_OUTSIDE))
def test_own_tables_alone_are_always_accepted(table: str, layers: list[str], outside: str) -> None:
    statement = accepted(nested(table, layers, outside))
    assert table in statement.tables
    assert statement.tables <= {"test_a", "test_b", table}
    for is_sqlite in (True, False):
        assert table in written(statement.tree, is_sqlite)


_WORDS = (
    "SELECT * a 1 FROM WHERE ( ) , test_a users ; $1 'x' \" -- /* */ UNION WITH AS INSERT INTO"
    " VALUES = . JOIN ON"
)
_scraps = st.lists(st.sampled_from(_WORDS.split()), max_size=25).map(" ".join)


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=60) | _scraps | _scraps.map("SELECT {}".format))
def test_whatever_comes_is_accepted_for_own_tables_or_refused(text: str) -> None:
    try:
        statement = accepted(text)
    except Refusal:
        return
    assert statement.tables <= {"test_a"}
    assert "FROM `users`" not in written(statement.tree, True)
