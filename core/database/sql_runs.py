"""Running one statement on either driver, within its limits; the databases enforce the time."""

import json
import math
import re
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeAlias

import aiosqlite
import asyncpg

from core.database.problems import Refusal, invalid, refusal
from core.database.sql_values import Columns, Kind, Value, kind_of
from rosey.contracts.storage import Code, SqlResult

# Bytes of a reply; what is larger does not travel on the bus.
LARGEST_REPLY = 512 * 1024
# Bytes of one value inside SQLite, which works in our own memory.
LARGEST_VALUE = 4 * 1024 * 1024
_AT_ONCE = 100
# Steps of SQLite's machine between two looks at the clock, a fraction of a millisecond.
_STEPS = 10_000
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}")

Postgres: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


@dataclass(frozen=True)
class Run:
    """One statement as its database takes it, with its limits."""

    text: str
    values: list[Value]
    seconds: float
    most_rows: int
    writes: bool


@dataclass
class _Rows:
    """Rows on their way out, until there are too many."""

    run: Run
    kept: list[list[Any]] = field(default_factory=list)
    seen: int = 0
    size: int = 0

    @property
    def is_full(self) -> bool:
        return self.seen > self.run.most_rows

    def take(self, rows: Sequence[Sequence[Any]]) -> None:
        """Raises Refusal when they are too large for a reply."""
        for row in rows:
            self.seen += 1
            if self.is_full:
                continue
            values = [plain(value) for value in row]
            self.size += len(json.dumps(values, ensure_ascii=False).encode()) + 1
            if self.size > LARGEST_REPLY:
                message = (
                    f"The rows are larger than {LARGEST_REPLY // 1024} KB; ask for fewer rows or"
                    " columns, or with LIMIT and OFFSET for a part at a time."
                )
                raise Refusal(Code.VALUE_TOO_LARGE, message)
            self.kept.append(values)

    def result(self, columns: list[str], touched: int) -> SqlResult:
        return SqlResult(
            columns=columns,
            rows=self.kept,
            count=touched if self.run.writes else len(self.kept),
            truncated=self.is_full,
        )


def plain(value: object) -> Any:
    """A database's value as JSON has it: a boolean is 1 or 0, a time ends in Z. Raises Refusal."""
    match value:
        case None | str() if not isinstance(value, str) or not _TIME.fullmatch(value):
            return value
        case str():
            return _moment(datetime.fromisoformat(value))
        case bool():
            return int(value)
        case Decimal():
            return _number(value)
        case int() | float():
            return _finite(value)
        case datetime():
            return _moment(value)
        case date():
            return value.isoformat()
        case bytes():
            return value.hex()
    raise invalid("A whole row cannot be given as one value; name its columns.")


def _moment(value: datetime) -> str:
    aware = value.replace(tzinfo=value.tzinfo or UTC).astimezone(UTC)
    return aware.replace(tzinfo=None).isoformat() + "Z"


def _number(value: Decimal) -> int | float:
    is_whole = value.is_finite() and value.as_tuple().exponent == 0
    return _finite(int(value) if is_whole else float(value))


def _finite(value: float) -> float:
    too_large = not -(2**63) <= value < 2**63 if isinstance(value, int) else False
    if too_large or not math.isfinite(value):
        raise invalid("A number became too large.")
    return value


def time_out(seconds: float) -> Refusal:
    """The statement was stopped after so long."""
    message = f"The statement took longer than {seconds:g} s and was stopped."
    return Refusal(Code.TIMEOUT, message)


async def columns_on_postgres(connection: Postgres, tables: Sequence[str]) -> Columns:
    """The kinds of the columns of `tables`, as far as these exist."""
    rows = await connection.fetch(
        "SELECT c.relname, a.attname, format_type(a.atttypid, NULL) FROM pg_class c"
        " JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relname = ANY($1)"
        " AND pg_table_is_visible(c.oid) AND a.attnum > 0 AND NOT a.attisdropped"
        " ORDER BY c.relname, a.attnum",
        list(tables),
    )
    return _kinds([tuple(row) for row in rows])


async def columns_on_sqlite(connection: aiosqlite.Connection, tables: Sequence[str]) -> Columns:
    """The kinds of the columns of `tables`, as far as these exist."""
    rows = await connection.execute_fetchall(
        "SELECT t.value, c.name, c.type FROM json_each(?) t, pragma_table_info(t.value) c"
        " ORDER BY t.value, c.cid",
        (json.dumps(list(tables)),),
    )
    return _kinds([tuple(row) for row in rows])


def _kinds(rows: Sequence[tuple[str, ...]]) -> Columns:
    tables: dict[str, dict[str, Kind | None]] = {}
    for table, column, declared in rows:
        tables.setdefault(table, {})[column] = kind_of(declared)
    return tables


async def on_postgres(connection: Postgres, run: Run) -> SqlResult:
    """Within the transaction that is open. Raises Refusal, or the driver's errors."""
    milliseconds = max(1, int(run.seconds * 1000))
    await connection.execute(f"SET LOCAL statement_timeout = {milliseconds}")
    deadline = time.monotonic() + run.seconds
    with in_our_words(run):
        statement = await connection.prepare(run.text)
        columns = [column.name for column in statement.get_attributes()]
        rows = _Rows(run)
        if not columns:
            await statement.fetch(*run.values)
            return rows.result([], _touched(statement.get_statusmsg()))
        cursor = await statement.cursor(*run.values)
        while some := await cursor.fetch(_next(rows)):
            rows.take([tuple(row) for row in some])
            if rows.is_full and not run.writes:
                break
            if time.monotonic() > deadline:
                raise time_out(run.seconds)
        return rows.result(columns, rows.seen)


def _next(rows: _Rows) -> int:
    """How many to fetch; one more than wanted tells whether there are more."""
    return _AT_ONCE if rows.run.writes else min(_AT_ONCE, rows.run.most_rows + 1 - rows.seen)


def _touched(status: str | None) -> int:
    last = (status or "").rpartition(" ")[2]
    return int(last) if last.isdigit() else 0


async def on_sqlite(connection: aiosqlite.Connection, run: Run) -> SqlResult:
    """Raises Refusal, or the driver's errors."""
    async with _limited(connection, run):
        with in_our_words(run):
            cursor = await connection.execute(run.text, run.values)
            try:
                columns = [each[0] for each in cursor.description or ()]
                rows = _Rows(run)
                while columns and (some := list(await cursor.fetchmany(_next(rows)))):
                    rows.take([tuple(row) for row in some])
                    if rows.is_full and not run.writes:
                        break
            finally:
                await cursor.close()
            touched = 0
            if run.writes:
                [[touched]] = await connection.execute_fetchall("SELECT changes()")
            return rows.result(columns, touched)


@contextmanager
def in_our_words(run: Run) -> Iterator[None]:
    """What a database says about the plugin's statement, as a Refusal."""
    try:
        yield
    except (asyncpg.PostgresError, sqlite3.Error) as problem:
        ours = _said(problem, run)
        if ours is None:
            raise
        raise ours from problem


def _said(problem: Exception, run: Run) -> Refusal | None:
    known = refusal(problem)
    if known is not None:
        return time_out(run.seconds) if known.code is Code.TIMEOUT else known
    name = getattr(problem, "sqlite_errorname", "")
    if name == "SQLITE_TOOBIG":
        return Refusal(Code.VALUE_TOO_LARGE, "A value became larger than 4 MB.")
    state = getattr(problem, "sqlstate", None) or ""
    if state[:2] in _MISTAKES or name in ("SQLITE_ERROR", "SQLITE_MISMATCH"):
        return invalid(f"The database does not take the statement: {problem}.")
    return None


# Cardinality, feature not supported, syntax or access rule, limits.
_MISTAKES = ("21", "0A", "42", "54")


@asynccontextmanager
async def _limited(connection: aiosqlite.Connection, run: Run) -> AsyncIterator[None]:
    """The connection stops what lasts too long, and writes nothing when it is to read."""
    deadline = time.monotonic() + run.seconds
    before = await _largest(connection, LARGEST_VALUE)
    try:
        await connection.set_progress_handler(lambda: int(time.monotonic() > deadline), _STEPS)
        if not run.writes:
            await connection.execute("PRAGMA query_only = ON")
        yield
    except BaseException:  # who is cancelled no longer waits for it, and does not let it go on
        # Where nothing runs, nothing happens.
        await connection.interrupt()
        raise
    finally:
        await connection.set_progress_handler(lambda: 0, 0)
        await connection.execute("PRAGMA query_only = OFF")
        await _largest(connection, before)


async def _largest(connection: aiosqlite.Connection, size: int) -> int:
    """Sets how large a value may be; gives what it was."""
    # aiosqlite has no door of its own for this, and SQLite wants the connection's own thread.
    inside: Any = connection
    set_limit = inside._conn.setlimit
    before: int = await inside._execute(set_limit, sqlite3.SQLITE_LIMIT_LENGTH, size)
    return before
