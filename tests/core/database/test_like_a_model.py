"""Whatever is asked, SQLite and PostgreSQL answer as the plain model in the kit does."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from sqlalchemy import Index, MetaData, text
from sqlalchemy.engine import make_url

from core.database.declared import table_of
from core.database.keys import Keys
from core.database.own_tables import own
from core.database.problems import Refusal
from core.database.rows import Rows
from core.database.shapes import Shapes
from core.database.store import Store
from core.database.writes import Writer
from rosey import clock
from rosey.contracts import storage as wire
from rosey.testing import MemoryDatabase
from tests.core.database.conftest import empty_postgres
from tests.core.database.key_requests import key_step
from tests.core.database.requests import Step
from tests.core.database.row_requests import (
    DEFINITION,
    FIRST,
    SELDOM,
    TABLE,
    UNIQUE,
    Nth,
    row_step,
)
from tests.postgres_server import PostgresServer

PLUGIN = "t"
START = datetime(2025, 1, 1, tzinfo=UTC)
EVERYTHING = {"table": TABLE, "limit": wire.MOST_ROWS}
REPLIES: dict[str, type[BaseModel]] = {
    "row.insert": wire.Inserted,
    "row.select": wire.Selected,
    "row.update": wire.Updated,
    "row.delete": wire.Deleted,
    "row.count": wire.Counted,
    "row.aggregate": wire.Aggregated,
    "row.batch": wire.Batched,
    "kv.get": wire.Got,
    "kv.set": wire.Done,
    "kv.delete": wire.KeyDeleted,
    "kv.list": wire.Keys,
    "kv.incr": wire.Incremented,
    "kv.compare_and_set": wire.Swapped,
}
Json = dict[str, Any]
# By the name of the database.
Ids = dict[str, list[int]]
QUICK = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


class Watch:
    """A clock for all of them."""

    def __init__(self) -> None:
        self.time = START


class Asked(Protocol):
    """A database, real or not."""

    async def ask(self, kind: str, op: str, request: Json) -> Json: ...

    async def clear(self) -> None: ...


class Real:
    """The service's parts on one database."""

    def __init__(self, store: Store) -> None:
        self.store = store
        writer = Writer(store)
        self._rows = Rows(store, Shapes(store), writer)
        self._keys = Keys(store, writer)

    async def ask(self, kind: str, op: str, request: Json) -> Json:
        part = self._rows if kind == "row" else self._keys
        try:
            return await part.perform(PLUGIN, op, request)
        except Refusal as refusal:
            return {"error": {"code": refusal.code, "message": str(refusal)}}

    async def clear(self) -> None:
        async with self.store.write() as connection:
            for table in (f"{PLUGIN}_{TABLE}", "db_kv", "db_idempotency"):
                await connection.execute(text(f"DELETE FROM {table}"))

    async def close(self) -> None:
        await self._keys.close()
        await self.store.close()


class Model:
    """The kit's own, asked in bytes as a plugin asks."""

    async def ask(self, kind: str, op: str, request: Json) -> Json:
        reply: Json = json.loads(await self._memory(kind, op, json.dumps(request).encode(), 0))
        return reply

    async def clear(self) -> None:
        self._memory = MemoryDatabase({TABLE: DEFINITION}, {TABLE: [[name] for name in UNIQUE]})


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    watch = Watch()
    monkeypatch.setattr(clock, "now", lambda: watch.time)
    return watch


@pytest.fixture
async def databases(
    tmp_path: Path, postgres: PostgresServer, watch: Watch
) -> AsyncIterator[dict[str, Asked]]:
    """The model first."""
    sqlite = Real(Store(make_url(f"sqlite+aiosqlite:///{tmp_path / 'test.db'}")))
    postgresql = Real(await empty_postgres(postgres))
    async with AsyncExitStack() as stack:
        for each in (sqlite, postgresql):
            stack.push_async_callback(each.close)
            await _prepare(each.store)
        yield {"model": Model(), "sqlite": sqlite, "postgresql": postgresql}


async def _prepare(store: Store) -> None:
    theirs = MetaData()
    table = table_of(PLUGIN, TABLE, DEFINITION, theirs)
    for name in UNIQUE:
        Index(f"{table.name}_{name}", table.c[name], unique=True)
    async with store.write() as connection:
        await connection.run_sync(own.create_all)
        await connection.run_sync(theirs.create_all)
        if not store.is_sqlite:
            # Nothing is killed here, and waiting for a disk shows nothing.
            setting = f"ALTER DATABASE {store.url.database} SET synchronous_commit = off"
            await connection.execute(text(setting))
    await store.engine.dispose()


def up_to(most: int, step: st.SearchStrategy[Step]) -> st.SearchStrategy[list[Step]]:
    """As often many as few, which lists alone are not."""
    return st.integers(1, most).flatmap(lambda size: st.lists(step, min_size=size, max_size=size))


@example(SELDOM, {5, 6})
@given(up_to(12, row_step()), st.sets(st.integers(0, 12), max_size=3))
@settings(QUICK, max_examples=150)
async def test_rows(
    databases: dict[str, Asked], watch: Watch, steps: list[Step], repeated: set[int]
) -> None:
    await _clear(databases, watch)
    asked = []
    ids: Ids = {name: [] for name in databases}
    for number, step in enumerate([FIRST, *steps]):
        watch.time += timedelta(seconds=step.seconds)
        key = f"k{number}" if number in repeated else ""
        requests = {name: _request(step, ids[name], key) for name in databases}
        replies = await _ask_all(databases, step, requests)
        ids = await _same_rows(databases, step, replies)
        asked.append((step, requests, replies))
    for number in repeated & set(range(len(asked))):
        await _same_again(databases, *asked[number])


@given(up_to(20, key_step()))
@settings(QUICK, max_examples=100)
async def test_keys(databases: dict[str, Asked], watch: Watch, steps: list[Step]) -> None:
    await _clear(databases, watch)
    for step in steps:
        watch.time += timedelta(seconds=step.seconds)
        await _ask_all(databases, step, dict.fromkeys(databases, step.request))
    left = Step("kv", "list", {"limit": wire.MOST_ROWS})
    replies = await _ask_all(databases, left, dict.fromkeys(databases, left.request))
    for key in replies["model"]["keys"]:
        got = Step("kv", "get", {"key": key})
        await _ask_all(databases, got, dict.fromkeys(databases, got.request))


async def _clear(databases: dict[str, Asked], watch: Watch) -> None:
    watch.time = START
    for one in databases.values():
        await one.clear()


def _request(step: Step, ids: list[int], key: str) -> Json:
    """The step in the words of the database that has these ids."""
    request: Json = _with_ids(step.request, ids)
    if key and step.op in ("insert", "update", "delete", "batch"):
        request["idempotency_key"] = key
    return request


def _with_ids(part: Any, ids: list[int]) -> Any:
    if isinstance(part, Nth):
        return ids[part.place] if part.place < len(ids) else -2
    if isinstance(part, list):
        return [_with_ids(each, ids) for each in part]
    if isinstance(part, dict):
        return {name: _with_ids(each, ids) for name, each in part.items()}
    return part


async def _ask_all(
    databases: dict[str, Asked], step: Step, requests: dict[str, Json]
) -> dict[str, Json]:
    """What each says, after a check that they say the same."""
    replies = {
        name: await one.ask(step.kind, step.op, json.loads(json.dumps(requests[name])))
        for name, one in databases.items()
    }
    wanted = _comparable(step, replies["model"])
    for name, reply in replies.items():
        assert _comparable(step, reply) == wanted, _told(name, step, requests[name], replies)
    return replies


async def _same_rows(databases: dict[str, Asked], step: Step, replies: dict[str, Json]) -> Ids:
    """The ids of all rows, after a check that the tables are the same."""
    select = Step("row", "select", EVERYTHING)
    tables = await _ask_all(databases, select, dict.fromkeys(databases, EVERYTHING))
    ids = {name: [row["id"] for row in table["rows"]] for name, table in tables.items()}
    for name, reply in replies.items():
        if step.op == "insert" and "error" not in reply:
            assert ids[name][-len(reply["ids"]) :] == reply["ids"], (name, reply, ids)
    return ids


async def _same_again(
    databases: dict[str, Asked], step: Step, requests: dict[str, Json], first: dict[str, Json]
) -> None:
    """A write that was done is not done again; what was refused may have another answer now."""
    if "error" in first["model"] or "idempotency_key" not in requests["model"]:
        return
    before = await databases["model"].ask("row", "select", EVERYTHING)
    second = await _ask_all(databases, step, requests)
    for name in databases:
        assert _comparable(step, second[name]) == _comparable(step, first[name]), name
    await _same_rows(databases, Step("row", "select", {}), {})
    assert await databases["model"].ask("row", "select", EVERYTHING) == before


def _comparable(step: Step, reply: Json) -> str:
    """As text, so that 1, 1.0 and true differ."""
    if "error" in reply:
        return str(reply["error"]["code"])
    kept = _without_ids(step.op, f"{step.kind}.{step.op}", reply)
    if step.op == "batch":
        kept["results"] = [
            _without_ids(each["op"], f"row.{each['op']}", result)
            for each, result in zip(step.request["operations"], reply["results"], strict=True)
        ]
    return json.dumps(kept, sort_keys=True)


def _without_ids(op: str, name: str, reply: Json) -> Json:
    """Ids are each database's own; their number and order are not."""
    kept = REPLIES[name].model_validate(reply).model_dump(mode="json")
    for row in kept.get("rows", ()):
        del row["id"]
    if name == "row.insert":
        ids = kept.pop("ids")
        assert ids == sorted(set(ids))
        assert kept.pop("id") == (ids[0] if len(ids) == 1 else None)
        kept["ids"] = len(ids)
    return kept


def _told(name: str, step: Step, request: Json, replies: dict[str, Json]) -> str:
    given = json.dumps(request, ensure_ascii=False)
    return (
        f"{name} differs in {step.kind}.{step.op} {given}\n"
        f"model: {replies['model']}\n{name}: {replies[name]}"
    )
