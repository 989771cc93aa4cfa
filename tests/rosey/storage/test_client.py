"""What the client asks, what it makes of the answers, and how it says that nobody answers."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from rosey import subjects
from rosey.bus import Bus, Incoming
from rosey.contracts.storage import Code, TableDefinition
from rosey.storage import Database, StorageError, Unavailable, client
from rosey.testing import MemoryBus, MemoryDatabase

GAMES = TableDefinition.model_validate(
    {"fields": [{"name": "player", "type": "string"}, {"name": "score", "type": "integer"}]}
)
Call = Callable[[Database], Awaitable[Any]]

ROW_CALLS: list[Call] = [
    lambda database: database.insert("games", {"player": "a"}),
    lambda database: database.select("games"),
    lambda database: database.update("games", {}, {"$inc": {"score": 1}}),
    lambda database: database.delete("games", {}),
    lambda database: database.count("games"),
    lambda database: database.aggregate("games", {"n": {"$count": "*"}}),
    lambda database: database.batch([{"op": "count", "table": "games"}]),
    lambda database: database.query("SELECT 1"),
    lambda database: database.execute("DELETE FROM games"),
]
KEY_CALLS: list[Call] = [
    lambda database: database.keys.get("a"),
    lambda database: database.keys.set("a", 1),
    lambda database: database.keys.delete("a"),
    lambda database: database.keys.list(),
    lambda database: database.keys.incr("a"),
    lambda database: database.keys.compare_and_set("a", None, 1),
]


class Notebook:
    """Writes down what it is asked, and answers the same to all."""

    def __init__(self, **answer: Any) -> None:
        self.answer = json.dumps(answer).encode()
        self.kind = self.op = ""
        self.request: dict[str, Any] = {}
        self.patience = 0.0

    async def __call__(self, kind: str, op: str, request: bytes, patience: float) -> bytes:
        self.kind, self.op, self.patience = kind, op, patience
        self.request = json.loads(request)
        return self.answer


async def test_rows() -> None:
    database = Database(MemoryDatabase({"games": GAMES}))
    one, two = await database.insert(
        "games", [{"player": "a", "score": 1}, {"player": "b", "score": 2}]
    )
    assert await database.insert("games", {"player": "c"}, key="once") == [two + 1]
    assert await database.insert("games", {"player": "c"}, key="once") == [two + 1]
    rows = await database.select("games", {"score": {"$gt": 0}}, order=["-score"], limit=1)
    assert [row["id"] for row in rows] == [two]
    rows = await database.select("games", order=["player", "-id"], offset=2)
    assert [row["player"] for row in rows] == ["c"]
    updated = await database.update("games", {"id": one}, {"$inc": {"score": 5}}, key="twice")
    assert (updated.updated, updated.exists, updated.created) == (1, True, False)
    await database.update("games", {"id": one}, {"$inc": {"score": 5}}, key="twice")
    made = await database.update("games", {"player": "d"}, {"$inc": {"score": 3}}, upsert=True)
    assert made.created
    groups = await database.aggregate(
        "games",
        {"best": {"$max": "score"}},
        {"score": {"$exists": True}},
        group_by=["player"],
        order=["-best"],
        limit=2,
    )
    assert groups == [{"player": "a", "best": 6}, {"player": "d", "best": 3}]
    assert await database.delete("games", {"player": "d"}, key="thrice") == 1
    assert await database.delete("games", {"player": "d"}, key="thrice") == 1
    results = await database.batch([{"op": "delete", "table": "games", "filter": {}}], key="all")
    assert results == [{"success": True, "deleted": 3}]
    assert await database.count("games", {"player": "a"}) == 0


async def test_keys() -> None:
    keys = Database(MemoryDatabase()).keys
    await keys.set("a:1", {"b": [1, None]}, ttl_seconds=60)
    await keys.set("c", None)
    assert await keys.get("a:1") == {"b": [1, None]}
    assert await keys.get("c", "default") is None
    assert await keys.get("d", "default") == "default"
    assert await keys.list("a:") == ["a:1"]
    assert await keys.list(limit=1) == ["a:1"]
    assert await keys.incr("n", 1.5) == 1.5
    assert [await keys.incr("n", once="x") for _ in range(2)] == [2.5, 2.5]
    assert await keys.compare_and_set("n", 2.5, "new", ttl_seconds=60)
    assert not await keys.compare_and_set("n", None, "newer")
    assert await keys.delete("n")
    assert not await keys.delete("n")


async def test_sql_is_asked_with_its_params() -> None:
    asked = Notebook(success=True, columns=["n"], rows=[[1]], count=1, truncated=True)
    result = await Database(asked).query("SELECT $1", "a", None, max_rows=1)
    assert (result.columns, result.rows, result.count, result.truncated) == (["n"], [[1]], 1, True)
    assert (asked.kind, asked.op) == ("sql", "query")
    assert asked.request == {"query": "SELECT $1", "params": ["a", None], "max_rows": 1}
    await Database(asked).execute("DELETE FROM games WHERE id = $1", 5)
    assert (asked.kind, asked.op) == ("sql", "execute")
    assert asked.request["params"] == [5]
    assert asked.request["allow_write"] is True


@pytest.mark.parametrize("call", ROW_CALLS + KEY_CALLS)
async def test_refusals_tell_their_code_and_reason(call: Call) -> None:
    refusing = Notebook(success=False, error={"code": "CONFLICT", "message": "No."})
    with pytest.raises(StorageError, match=r"^No\.$") as refused:
        await call(Database(refusing))
    assert refused.value.code is Code.CONFLICT
    assert not isinstance(refused.value, Unavailable)


@pytest.mark.parametrize("code", [Code.UNAVAILABLE, Code.TIMEOUT])
async def test_a_service_that_says_that_its_database_is_away(code: Code) -> None:
    refusing = Notebook(success=False, error={"code": code, "message": "Away."})
    with pytest.raises(Unavailable, match=r"^Away\.$") as away:
        await Database(refusing).keys.get("a")
    assert away.value.code is code


@pytest.mark.parametrize(
    ("calls", "patience"), [(ROW_CALLS, 5.0), (KEY_CALLS, 2.0)], ids=["rows and sql", "keys"]
)
async def test_how_long_it_waits(calls: list[Call], patience: float) -> None:
    asked = Notebook(success=False, error={"code": "CONFLICT", "message": "No."})
    for call in calls:
        with pytest.raises(StorageError):
            await call(Database(asked))
        assert asked.patience == patience


@pytest.mark.parametrize("call", ROW_CALLS + KEY_CALLS)
async def test_nobody_answers(call: Call) -> None:
    bus = MemoryBus()
    with pytest.raises(Unavailable) as away:
        await call(Database.on(bus, "dice"))
    assert away.value.code is Code.UNAVAILABLE
    await bus.drain()


async def test_a_bus_that_is_closed() -> None:
    bus = MemoryBus()
    await bus.drain()
    with pytest.raises(Unavailable) as away:
        await Database.on(bus, "dice").count("games")
    assert away.value.code is Code.UNAVAILABLE


@pytest.mark.parametrize("call", ROW_CALLS + KEY_CALLS)
async def test_an_answer_that_does_not_come(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "ROW_PATIENCE", 0.01)
    monkeypatch.setattr(client, "KEY_PATIENCE", 0.01)
    bus = MemoryBus()
    heard = []

    async def say_nothing(incoming: Incoming) -> None:
        heard.append(incoming.subject)

    await bus.subscribe("db.*.dice.*", say_nothing)
    with pytest.raises(Unavailable) as away:
        await call(Database.on(bus, "dice"))
    assert away.value.code is Code.TIMEOUT
    assert len(heard) == 1
    await bus.drain()


async def test_over_the_bus() -> None:
    bus = MemoryBus()
    memory = MemoryDatabase({"games": GAMES})

    async def answer(incoming: Incoming) -> None:
        _, kind, _, op = incoming.subject.split(".")
        await bus.publish(incoming.reply, await memory(kind, op, incoming.data, 0))

    await bus.subscribe(subjects.database("*", "dice", "*"), answer)
    database = Database.on(bus, "dice")
    await database.insert("games", {"player": "é"})
    await database.keys.set("a", 1)
    assert [row["player"] for row in await database.select("games")] == ["é"]
    assert await database.keys.get("a") == 1
    with pytest.raises(StorageError, match="real") as refused:
        await database.query("SELECT 1")
    assert not isinstance(refused.value, Unavailable)
    await bus.drain()


async def test_what_is_too_large_to_be_sent_is_not_tried_again(bus: Bus) -> None:
    """It would be too large each time."""
    rows = [{"player": "x" * 1000}] * 2000
    with pytest.raises(StorageError) as caught:
        await Database.on(bus, "trivia").insert("games", rows)
    assert caught.value.code is Code.VALUE_TOO_LARGE
    assert not isinstance(caught.value, Unavailable)
