"""A database without a service: what it promises for rows and keys, for the tests of plugins."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from rosey import clock
from rosey.contracts import storage as wire
from rosey.contracts.storage import Code, TableDefinition, TableName
from rosey.storage.client import StorageError
from rosey.testing.coercion import invalid
from rosey.testing.keys import MemoryKeys, is_number
from rosey.testing.tables import MemoryTable

Request = TypeVar("Request", bound=BaseModel)
Json = dict[str, Any]

ROW_OPS: dict[str, type[BaseModel]] = {
    "insert": wire.Insert,
    "select": wire.Select,
    "update": wire.Update,
    "delete": wire.Delete,
    "count": wire.Count,
    "aggregate": wire.Aggregate,
}
KEY_OPS: dict[str, type[BaseModel]] = {
    "get": wire.Get,
    "set": wire.Set,
    "delete": wire.DeleteKey,
    "list": wire.ListKeys,
    "incr": wire.Incr,
    "compare_and_set": wire.CompareAndSet,
}
# How long the result of a write is kept for its repeats.
REMEMBERED = timedelta(days=1)

_name = TypeAdapter[str](TableName)


class MemoryDatabase:
    """One plugin's rows and keys in memory, asked as the service is:

    `Database(MemoryDatabase({"games": TableDefinition(...)}))`. SQL needs the real service.
    """

    def __init__(
        self,
        tables: Mapping[str, TableDefinition] | None = None,
        unique: Mapping[str, Iterable[Sequence[str]]] | None = None,
    ) -> None:
        self._tables: dict[str, MemoryTable] = {}
        self._keys = MemoryKeys()
        # When a key was first seen; None as long as what came with it is being done.
        self._results: dict[str, tuple[datetime, Json | None]] = {}
        for name, definition in (tables or {}).items():
            self.declare(name, definition, (unique or {}).get(name, ()))

    def declare(
        self, name: str, definition: TableDefinition, unique: Iterable[Sequence[str]] = ()
    ) -> None:
        """An empty table; no two rows have the same in all the fields of one list in `unique`."""
        self._tables[_name.validate_python(name)] = MemoryTable(definition, unique)

    async def __call__(self, kind: str, op: str, request: bytes, patience: float) -> bytes:
        try:
            reply = self._perform(kind, op, _json(request))
        except StorageError as refused:
            problem = {"code": refused.code, "message": str(refused)}
            return to_json({"success": False, "error": problem})
        return to_json(reply)

    def _perform(self, kind: str, op: str, given: Json) -> Json:
        if kind == "sql":
            raise StorageError(Code.NOT_FOUND, "SQL needs the real database service.")
        if kind == "row" and op == "batch":
            return self._batch(_parsed(wire.Batch, given))
        model = {"row": ROW_OPS, "kv": KEY_OPS}.get(kind, {}).get(op)
        if model is None:
            raise StorageError(Code.NOT_FOUND, f"There is no operation {kind} {op}.")
        request = _parsed(model, given)
        if model is wire.Incr and not is_number(given.get("by", 1)):
            raise invalid("by is no number.")
        if kind == "kv":
            return self._whole(request, lambda: _asked(self._keys, op, request))
        return self._whole(request, lambda: self._row(op, request))

    def _batch(self, request: wire.Batch) -> Json:
        def work() -> Json:
            results = [self._operation(each) for each in request.operations]
            return _reply(wire.Batched(results=results))

        return self._whole(request, work)

    def _operation(self, given: Json) -> Json:
        if "op" not in given:
            raise StorageError(Code.MISSING_FIELD, "op is missing.")
        op = given["op"]
        if not isinstance(op, str) or op not in ROW_OPS:
            raise invalid(f"op is one of {', '.join(ROW_OPS)}.")
        request = _parsed(ROW_OPS[op], given)
        return self._once(request, lambda: self._row(op, request))

    def _row(self, op: str, request: Any) -> Json:
        table = self._tables.get(request.table)
        if table is None:
            raise invalid(f"There is no table {request.table!r}.")
        return _asked(table, op, request)

    def _whole(self, request: BaseModel, work: Callable[[], Json]) -> Json:
        """All of `work` or nothing."""
        rows = {name: dict(table.rows) for name, table in self._tables.items()}
        results = dict(self._results)
        try:
            return self._once(request, work)
        except StorageError:
            self._results = results
            for name, before in rows.items():
                self._tables[name].rows = before
            raise

    def _once(self, request: BaseModel, work: Callable[[], Json]) -> Json:
        """With an idempotency key only the first time."""
        key: str | None = getattr(request, "idempotency_key", None)
        if not key:
            return work()
        at, known = self._results.get(key, (None, None))
        if at and clock.now() - at < REMEMBERED:
            if known is None:
                raise invalid("A batch and an operation in it have the same idempotency key.")
            return known
        self._results[key] = (clock.now(), None)
        reply = work()
        self._results[key] = (clock.now(), reply)
        return reply


def _json(request: bytes) -> Json:
    try:
        given = from_json(request, allow_inf_nan=False)
    except ValueError as problem:
        raise StorageError(Code.INVALID_JSON, f"The request is no JSON: {problem}.") from None
    if not isinstance(given, dict):
        raise StorageError(Code.INVALID_JSON, "The request is no JSON object.")
    return given


def _parsed(model: type[Request], given: Json) -> Request:
    try:
        return model.model_validate(given)
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        if first["type"] == "missing":
            raise StorageError(Code.MISSING_FIELD, f"{where} is missing.") from None
        raise invalid(f"{where}: {first['msg']}.") from None


def _asked(part: MemoryTable | MemoryKeys, op: str, request: BaseModel) -> Json:
    return _reply(getattr(part, op)(request))


def _reply(done: BaseModel) -> Json:
    return done.model_dump()
