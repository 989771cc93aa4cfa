"""The typed client of the database service, over the bus or anything else that answers."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeVar

import nats.errors
from pydantic import BaseModel, JsonValue
from pydantic_core import from_json, to_json

from rosey import subjects
from rosey.bus import Bus, BusError
from rosey.contracts import storage as wire
from rosey.contracts.storage import KEY_PATIENCE, ROW_PATIENCE, Code, Row

Reply = TypeVar("Reply", bound=BaseModel)
Sorting = Sequence[str]


class StorageError(Exception):
    """Something was not done; `code` says why, the text says it in words."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code


class Unavailable(StorageError):
    """The database cannot be reached now. Whether a write was done is not known."""

    def __init__(self, message: str, code: Code = Code.UNAVAILABLE) -> None:
        super().__init__(code, message)


class Ask(Protocol):
    """Takes a request's JSON to the service and brings its answer's."""

    async def __call__(self, kind: str, op: str, request: bytes, patience: float) -> bytes:
        """Raises Unavailable when nobody answers within `patience` seconds.

        Raises StorageError for a request that is too large to be sent.
        """


def over(bus: Bus, plugin: str) -> Ask:
    """Asks the service on the bus with the rights of `plugin`."""

    async def ask(kind: str, op: str, request: bytes, patience: float) -> bytes:
        try:
            return await bus.request(subjects.database(kind, plugin, op), request, patience)
        except TimeoutError:
            raise Unavailable("The database did not answer in time.", Code.TIMEOUT) from None
        except nats.errors.MaxPayloadError:
            raise StorageError(
                Code.VALUE_TOO_LARGE, "The request is larger than a message may be."
            ) from None
        except (BusError, nats.errors.Error):
            raise Unavailable("The database is not there.") from None

    return ask


class Database:
    """A plugin's own rows; `keys` are its own keys.

    Everything raises StorageError for what the service refuses, Unavailable when it is away.
    """

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self.keys = KeyValues(ask)

    @classmethod
    def on(cls, bus: Bus, plugin: str) -> "Database":
        """The service on the bus, with the rights of `plugin`."""
        return cls(over(bus, plugin))

    async def insert(
        self, table: str, values: Mapping[str, Any] | Sequence[Mapping[str, Any]], key: str = ""
    ) -> list[int]:
        """One row or several; gives their ids. With `key` a repeat does nothing more."""
        request = {"table": table, "values": values, "idempotency_key": key or None}
        return (await self._row("insert", request, wire.Inserted)).ids

    async def select(
        self,
        table: str,
        filter: Mapping[str, Any] | None = None,
        *,
        order: Sorting = (),
        limit: int = 100,
        offset: int = 0,
    ) -> list[Row]:
        """Rows that match; `order` names fields, with `-` before those from high to low."""
        request = {
            "table": table,
            "filter": filter or {},
            "order": sorting(order),
            "limit": limit,
            "offset": offset,
        }
        return (await self._row("select", request, wire.Selected)).rows

    async def update(
        self,
        table: str,
        filter: Mapping[str, Any],
        update: Mapping[str, Any],
        *,
        upsert: bool = False,
        key: str = "",
    ) -> wire.Updated:
        """Changes what matches; see `Update`."""
        request = {
            "table": table,
            "filter": filter,
            "update": update,
            "upsert": upsert,
            "idempotency_key": key or None,
        }
        return await self._row("update", request, wire.Updated)

    async def delete(self, table: str, filter: Mapping[str, Any], key: str = "") -> int:
        """Deletes what matches; gives how many."""
        request = {"table": table, "filter": filter, "idempotency_key": key or None}
        return (await self._row("delete", request, wire.Deleted)).deleted

    async def count(self, table: str, filter: Mapping[str, Any] | None = None) -> int:
        request = {"table": table, "filter": filter or {}}
        return (await self._row("count", request, wire.Counted)).count

    async def aggregate(
        self,
        table: str,
        aggregates: Mapping[str, Mapping[str, str]],
        filter: Mapping[str, Any] | None = None,
        *,
        group_by: Sequence[str] = (),
        order: Sorting = (),
        limit: int = 100,
    ) -> list[Row]:
        """One row for each group, or just one; see `Aggregate`."""
        request = {
            "table": table,
            "filter": filter or {},
            "aggregates": aggregates,
            "group_by": list(group_by),
            "order": sorting(order),
            "limit": limit,
        }
        return (await self._row("aggregate", request, wire.Aggregated)).groups

    async def batch(
        self, operations: Sequence[Mapping[str, Any]], key: str = ""
    ) -> list[dict[str, Any]]:
        """Several requests, each with its `op`, in one transaction: all or none."""
        request = {"operations": list(operations), "idempotency_key": key or None}
        return (await self._row("batch", request, wire.Batched)).results

    async def query(self, query: str, *params: JsonValue, max_rows: int = 1000) -> wire.SqlResult:
        """Reads own tables by SQL, with `$1`, `$2`, ... for `params`."""
        request = {"query": query, "params": list(params), "max_rows": max_rows}
        return await _answer(self._ask, "sql", "query", request, wire.SqlResult, ROW_PATIENCE)

    async def execute(self, query: str, *params: JsonValue) -> wire.SqlResult:
        """Changes own tables by SQL."""
        request = {"query": query, "params": list(params), "allow_write": True}
        return await _answer(self._ask, "sql", "execute", request, wire.SqlResult, ROW_PATIENCE)

    async def _row(self, op: str, request: Mapping[str, Any], reply: type[Reply]) -> Reply:
        return await _answer(self._ask, "row", op, request, reply, ROW_PATIENCE)


class KeyValues:
    """A plugin's own keys; values are plain JSON."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    async def get(self, key: str, default: JsonValue = None) -> JsonValue:
        got = await self._key("get", {"key": key}, wire.Got)
        return got.value if got.exists else default

    async def set(self, key: str, value: JsonValue, ttl_seconds: int | None = None) -> None:
        request = {"key": key, "value": value, "ttl_seconds": ttl_seconds}
        await self._key("set", request, wire.Done)

    async def delete(self, key: str) -> bool:
        """Whether there was one."""
        return (await self._key("delete", {"key": key}, wire.KeyDeleted)).deleted

    async def list(self, prefix: str = "", limit: int = 100) -> list[str]:
        return (await self._key("list", {"prefix": prefix, "limit": limit}, wire.Keys)).keys

    async def incr(
        self, key: str, by: float = 1, ttl_seconds: int | None = None, once: str = ""
    ) -> int | float:
        """The new number. With `once` a repeat does nothing more."""
        request = {
            "key": key,
            "by": by,
            "ttl_seconds": ttl_seconds,
            "idempotency_key": once or None,
        }
        return (await self._key("incr", request, wire.Incremented)).value

    async def compare_and_set(
        self, key: str, expected: JsonValue, value: JsonValue, ttl_seconds: int | None = None
    ) -> bool:
        """Whether the value was `expected` and is now `value`."""
        request = {"key": key, "expected": expected, "value": value, "ttl_seconds": ttl_seconds}
        return (await self._key("compare_and_set", request, wire.Swapped)).swapped

    async def _key(self, op: str, request: Mapping[str, Any], reply: type[Reply]) -> Reply:
        return await _answer(self._ask, "kv", op, request, reply, KEY_PATIENCE)


def sorting(order: Sorting) -> list[dict[str, str]]:
    """`-score` as `{"field": "score", "order": "desc"}`."""
    return [
        {"field": each.removeprefix("-"), "order": "desc" if each.startswith("-") else "asc"}
        for each in order
    ]


async def _answer(
    ask: Ask, kind: str, op: str, request: Mapping[str, Any], reply: type[Reply], patience: float
) -> Reply:
    answer = from_json(await ask(kind, op, to_json(request), patience))
    if answer.get("success"):
        return reply.model_validate(answer)
    problem = wire.Problem.model_validate(answer["error"])
    if problem.code in (Code.UNAVAILABLE, Code.TIMEOUT):
        raise Unavailable(problem.message, problem.code)
    raise StorageError(problem.code, problem.message)
