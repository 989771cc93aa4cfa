"""Operations on rows: `db.row.<plugin>.<op>`."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError
from sqlalchemy import BigInteger, delete, func, insert, literal, select, update

from core.database.aggregates import measure
from core.database.fields import SMALLEST_INTEGER, Field, Value, storable
from core.database.filters import condition, equalities
from core.database.local import Executes
from core.database.problems import Refusal, invalid, malformed
from core.database.shapes import Shape, Shapes, ordered
from core.database.store import Store
from core.database.updates import (
    Change,
    assignments,
    changes,
    first_values,
    overflows,
    too_large,
)
from core.database.writes import Work, Writer, once
from rosey import clock
from rosey.contracts import storage as wire
from rosey.contracts.storage import MOST_ROWS, Code

Reply = dict[str, Any]
Plan = Callable[[Shape, Any], Work]


class Rows:
    """Rows of plugins' tables in `store`."""

    def __init__(self, store: Store, shapes: Shapes, writer: Writer) -> None:
        self._store = store
        self._shapes = shapes
        self._writer = writer

    async def perform(self, plugin: str, op: str, request: dict[str, Any]) -> Reply:
        """The reply's fields without `success`. Raises Refusal."""
        if op == "batch":
            return await self._batch(plugin, _parsed(wire.Batch, request))
        if op not in _PLANS:
            raise Refusal(Code.NOT_FOUND, f"There is no operation {op[:64]!r} for rows.")
        task = await self._task(plugin, op, request)
        if task.writes:
            return await self._writer.write(plugin, op, task.table, task.work, task.key)
        reply, _ = await self._store.look(task.work)
        return reply

    async def _task(self, plugin: str, op: str, request: dict[str, Any]) -> "_Task":
        model, plan = _PLANS[op]
        parsed = _parsed(model, request)
        shape = await self._shapes.find(plugin, parsed.table)
        key = getattr(parsed, "idempotency_key", None)
        return _Task(parsed.table, key, plan(shape, parsed), hasattr(parsed, "expect"))

    async def _batch(self, plugin: str, request: wire.Batch) -> Reply:
        tasks = []
        for operation in request.operations:
            try:
                tasks.append(await self._operation(plugin, operation))
            except Refusal as refusal:
                if not tasks:
                    raise _of_operation(0, refusal) from None
                # One before it may be refused first.
                tasks.append(_refused(refusal))
                break
        tables = ",".join(dict.fromkeys(task.table for task in tasks if task.table))
        return await self._writer.write(
            plugin, "batch", tables, _together(plugin, tasks), request.idempotency_key
        )

    async def _operation(self, plugin: str, operation: dict[str, Any]) -> "_Task":
        if "op" not in operation:
            raise Refusal(Code.MISSING_FIELD, "op is missing.", "op")
        op = operation["op"]
        if not isinstance(op, str) or op not in _PLANS:
            raise invalid(f"op is one of {', '.join(_PLANS)}.", "op")
        return await self._task(plugin, op, operation)


@dataclass(frozen=True)
class _Task:
    """One operation, ready to be done."""

    table: str
    key: str | None
    work: Work
    writes: bool


def _parsed(model: type[BaseModel], request: dict[str, Any]) -> Any:
    try:
        return model.model_validate(request)
    except ValidationError as problem:
        raise malformed(problem) from None


def _of_operation(number: int, refusal: Refusal) -> Refusal:
    problem = refusal.problem
    where = f"operations.{number}" + (f".{problem.field}" if problem.field else "")
    return Refusal(problem.code, f"Operation {number}: {problem.message}", where)


def _refused(refusal: Refusal) -> _Task:
    async def work(_: Executes) -> tuple[Reply, int]:
        raise refusal

    return _Task("", None, work, writes=False)


def _together(plugin: str, tasks: list[_Task]) -> Work:
    async def work(connection: Executes) -> tuple[Reply, int]:
        results, rows = [], 0
        for number, task in enumerate(tasks):
            try:
                done = await once(connection, plugin, task.key, task.work)
            except Refusal as refusal:
                raise _of_operation(number, refusal) from None
            results.append({"success": True, **done.reply})
            rows += done.rows if task.writes else 0
        return {"results": results}, rows

    return work


def _insertion(shape: Shape, request: wire.Insert) -> Work:
    given = request.values if isinstance(request.values, list) else [request.values]
    if not given:
        raise invalid("values has at least one row.", "values")
    if len(given) > MOST_ROWS:
        raise invalid(f"values has at most {MOST_ROWS} rows.", "values")
    rows = [_kept(shape, each) for each in given]

    async def work(connection: Executes) -> tuple[Reply, int]:
        ids = await _insert(connection, shape, rows)
        _expect(request.expect, len(ids))
        reply = {"ids": ids, "id": ids[0] if len(ids) == 1 else None, "count": len(ids)}
        return reply, len(ids)

    return work


def _kept(shape: Shape, values: dict[str, Any]) -> dict[str, Value]:
    """A row as given, with null where the database puts nothing in by itself."""
    kept = {name: storable(shape.writable(name), value) for name, value in values.items()}
    for field in shape.plain:
        if field.name not in kept:
            kept[field.name] = storable(field, None)
    return kept


async def _insert(connection: Executes, shape: Shape, rows: list[dict[str, Value]]) -> list[int]:
    """Ids in the order of `rows`."""
    now = clock.now()
    named = dict.fromkeys(name for row in rows for name in row)
    defaults = {name: shape.fields[name] for name in named}
    full = [
        {name: row[name] if name in row else _default(defaults[name]) for name in named}
        | {"created_at": now, "updated_at": now}
        for row in rows
    ]
    if len(full) == 1:
        return [(await connection.execute(shape.insertion, full[0])).scalar_one()]
    # SQLite counts up row by row; asked for an order, SQLAlchemy would insert one by one there.
    statement = insert(shape.table).returning(shape.id, sort_by_parameter_order=not shape.is_sqlite)
    ids = list((await connection.execute(statement, full)).scalars())
    return sorted(ids) if shape.is_sqlite else ids


def _default(field: Field) -> Value:
    """For a row that does not name a field which another row of the same insert names."""
    if field.required and field.default is None:
        raise invalid(f"{field.name} is given in every row or in none.", field.name)
    return field.default


def _selection(shape: Shape, request: wire.Select) -> Work:
    _check_offset(request.offset)
    names = list(shape.fields)
    statement = (
        select(*(field.column for field in shape.fields.values()))
        .where(condition(shape, request.filter))
        .order_by(*_order(shape, request.order))
        .limit(request.limit + 1)
        .offset(literal(request.offset, BigInteger()))
    )

    async def work(connection: Executes) -> tuple[Reply, int]:
        found = (await connection.execute(statement)).all()
        rows = [dict(zip(names, row, strict=True)) for row in found[: request.limit]]
        truncated = len(found) > request.limit
        return {"rows": rows, "count": len(rows), "truncated": truncated}, len(rows)

    return work


def _check_offset(offset: int) -> None:
    if offset >= -SMALLEST_INTEGER:
        raise invalid("offset is a number of 64 bits.", "offset")


def _order(shape: Shape, order: list[wire.Order]) -> list[Any]:
    by: dict[Field, bool] = {}
    for each in [*order, wire.Order(field="id")]:
        # Where a field comes twice, the first decides.
        by.setdefault(shape.field(each.field), each.order == "desc")
    return [
        ordered(shape, field.column, down, field.is_text, not field.required)
        for field, down in by.items()
    ]


def _change(shape: Shape, request: wire.Update) -> Work:
    asked = condition(shape, request.filter)
    wanted = changes(shape, request.update)
    equal = equalities(shape, request.filter)
    now = clock.now()
    statement = update(shape.table).where(asked)
    statement = statement.values(assignments(shape, wanted) | {"updated_at": now})

    async def work(connection: Executes) -> tuple[Reply, int]:
        updated = await _update(connection, shape, statement, wanted)
        created = False
        if request.upsert and not updated:
            await _alone(connection, shape, equal)
            updated = await _update(connection, shape, statement, wanted)
            if created := not updated:
                await _insert(connection, shape, [_made(shape, equal, wanted)])
        touched = updated + created
        _expect(request.expect, touched)
        return {"updated": updated, "exists": touched > 0, "created": created}, touched

    return work


async def _update(connection: Executes, shape: Shape, statement: Any, wanted: list[Change]) -> int:
    too_much = overflows(wanted) if shape.is_sqlite else None
    if too_much is None:
        return int((await connection.execute(statement)).rowcount)
    found = (await connection.execute(statement.returning(too_much))).scalars().all()
    if any(found):
        raise too_large()
    return len(found)


async def _alone(connection: Executes, shape: Shape, equal: dict[str, Value]) -> None:
    """Until this transaction ends, no other can make a row that is told to be the same.

    SQLite has one writer anyway.
    """
    if shape.is_sqlite:
        return
    words = json.dumps([shape.table.name, sorted(equal.items())], default=str)
    digest = hashlib.blake2b(words.encode(), digest_size=8).digest()
    number = int.from_bytes(digest, signed=True)
    await connection.execute(select(func.pg_advisory_xact_lock(literal(number))))


def _made(shape: Shape, equal: dict[str, Value], wanted: list[Change]) -> dict[str, Value]:
    kept = equal | first_values(wanted, equal)
    for name, value in kept.items():
        if shape.writable(name).required and value is None:
            raise invalid(f"{name} is required.", name)
    nothing = {field.name: storable(field, None) for field in shape.plain if field.name not in kept}
    return kept | nothing


def _deletion(shape: Shape, request: wire.Delete) -> Work:
    statement = delete(shape.table).where(condition(shape, request.filter))

    async def work(connection: Executes) -> tuple[Reply, int]:
        deleted = (await connection.execute(statement)).rowcount
        _expect(request.expect, deleted)
        return {"deleted": deleted}, deleted

    return work


def _expect(expected: int | None, touched: int) -> None:
    if expected is not None and touched != expected:
        message = f"{touched} rows would be touched and not {expected}; nothing was done."
        raise Refusal(Code.CONFLICT, message, "expect")


def _counting(shape: Shape, request: wire.Count) -> Work:
    statement = select(func.count()).select_from(shape.table)
    statement = statement.where(condition(shape, request.filter))

    async def work(connection: Executes) -> tuple[Reply, int]:
        return {"count": (await connection.execute(statement)).scalar_one()}, 0

    return work


def _aggregation(shape: Shape, request: wire.Aggregate) -> Work:
    by = {name: shape.field(name) for name in request.group_by}
    measures = {name: measure(shape, name, given) for name, given in request.aggregates.items()}
    if both := by.keys() & measures.keys():
        raise invalid(f"{min(both)} is both a grouping field and an aggregate.", "aggregates")
    columns = [field.column for field in by.values()]
    parts = [part for each in measures.values() for part in each.columns]
    statement = (
        # The same part may be asked for twice.
        select(*columns, *(part.label(f"part{n}") for n, part in enumerate(parts)))
        .select_from(shape.table)
        .where(condition(shape, request.filter))
        .group_by(*columns)
        .limit(request.limit + 1)
    )
    sorts = {name: (list(each.sorts), each.is_text) for name, each in measures.items()}
    sorts |= {name: ([field.column], field.is_text) for name, field in by.items()}
    statement = statement.order_by(*_group_order(shape, request.order, sorts, list(by)))

    async def work(connection: Executes) -> tuple[Reply, int]:
        found = (await connection.execute(statement)).all()
        groups = [_group(list(by), measures, row) for row in found[: request.limit]]
        return {"groups": groups, "truncated": len(found) > request.limit}, len(groups)

    return work


def _group_order(
    shape: Shape,
    order: list[wire.Order],
    sorts: dict[str, tuple[list[Any], bool]],
    by: list[str],
) -> list[Any]:
    """Without grouping fields there is one row and nothing to sort."""
    chosen: dict[str, bool] = {}
    for each in [*order, *(wire.Order(field=name) for name in by)]:
        if each.field not in sorts:
            raise invalid(f"{each.field} is no grouping field and no aggregate.", "order")
        chosen.setdefault(each.field, each.order == "desc")
    if not by:
        return []
    return [
        ordered(shape, column, down, sorts[name][1])
        for name, down in chosen.items()
        for column in sorts[name][0]
    ]


def _group(by: list[str], measures: dict[str, Any], row: Any) -> wire.Row:
    group = dict(zip(by, row, strict=False))
    at = len(by)
    for name, each in measures.items():
        group[name] = each.finish(row[at : at + len(each.columns)])
        at += len(each.columns)
    return group


_PLANS: dict[str, tuple[type[BaseModel], Plan]] = {
    "insert": (wire.Insert, _insertion),
    "select": (wire.Select, _selection),
    "update": (wire.Update, _change),
    "delete": (wire.Delete, _deletion),
    "count": (wire.Count, _counting),
    "aggregate": (wire.Aggregate, _aggregation),
}
