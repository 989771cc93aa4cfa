"""A table in memory: its rows, and what may be asked of them."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from rosey import clock
from rosey.contracts import storage as wire
from rosey.contracts.storage import MOST_ROWS, Code, TableDefinition
from rosey.storage.client import StorageError
from rosey.testing.aggregates import aggregate, fitting, groups
from rosey.testing.coercion import (
    Row,
    coerced,
    fields_of,
    invalid,
    plain,
    rank,
    type_of,
    writable,
)
from rosey.testing.filters import Condition, condition, equalities
from rosey.testing.updates import Change, changed, changes


class MemoryTable:
    """Rows by their ids, which come in the order of their making and never twice.

    What raises StorageError may have been done in part: see MemoryDatabase.
    """

    def __init__(self, definition: TableDefinition, unique: Iterable[Sequence[str]] = ()) -> None:
        self.fields = fields_of(definition)
        self.required = {field.name for field in definition.fields if field.required}
        self.unique = [tuple(names) for names in unique]
        if not set().union(*self.unique) <= set(self.fields):
            raise ValueError(f"unique names no field of the table: {self.unique}")
        self.rows: dict[int, Row] = {}
        self._last = 0

    def insert(self, request: wire.Insert) -> wire.Inserted:
        given = request.values if isinstance(request.values, list) else [request.values]
        if not given:
            raise invalid("values has at least one row.")
        if len(given) > MOST_ROWS:
            raise invalid(f"values has at most {MOST_ROWS} rows.")
        ids = [self._add(values) for values in [self._values(each) for each in given]]
        self._check(len(ids), request.expect)
        return wire.Inserted(ids=ids, id=ids[0] if len(ids) == 1 else None, count=len(ids))

    def select(self, request: wire.Select) -> wire.Selected:
        rows = self._matching(condition(self.fields, request.filter))
        rows = _sorted(rows, request.order, self.fields)[request.offset :]
        given = [_plain(row) for row in rows[: request.limit]]
        return wire.Selected(rows=given, count=len(given), truncated=len(rows) > request.limit)

    def update(self, request: wire.Update) -> wire.Updated:
        asks = condition(self.fields, request.filter)
        wanted = changes(self.fields, self.required, request.update)
        rows = self._matching(asks)
        for row in rows:
            after = changed(row, wanted) | {"updated_at": clock.now()}
            self.rows[self._id(row)] = after
        created = request.upsert and not rows
        if created:
            self._make(equalities(self.fields, request.filter), wanted)
        self._check(len(rows) + created, request.expect)
        return wire.Updated(updated=len(rows), exists=bool(rows) or created, created=created)

    def delete(self, request: wire.Delete) -> wire.Deleted:
        rows = self._matching(condition(self.fields, request.filter))
        for row in rows:
            del self.rows[self._id(row)]
        self._check(len(rows), request.expect)
        return wire.Deleted(deleted=len(rows))

    def count(self, request: wire.Count) -> wire.Counted:
        return wire.Counted(count=len(self._matching(condition(self.fields, request.filter))))

    def aggregate(self, request: wire.Aggregate) -> wire.Aggregated:
        for name in request.group_by:
            type_of(self.fields, name)
            if name in request.aggregates:
                raise invalid(f"{name} is both a grouping field and an aggregate.")
        makers = {name: aggregate(self.fields, given) for name, given in request.aggregates.items()}
        rows = self._matching(condition(self.fields, request.filter))
        found = [
            values | {name: make(members) for name, make in makers.items()}
            for values, members in groups(rows, request.group_by)
        ]
        found = _sorted(found, request.order, {*request.group_by, *makers})
        given = [_plain(fitting(each)) for each in found[: request.limit]]
        return wire.Aggregated(groups=given, truncated=len(found) > request.limit)

    def _matching(self, asks: Condition) -> list[Row]:
        return [row for row in self.rows.values() if asks(row) is True]

    def _values(self, given: dict[str, Any]) -> Row:
        for name in given:
            writable(self.fields, name)
        return self._complete(
            {name: coerced(self.fields, name, value) for name, value in given.items()}
        )

    def _complete(self, values: Row) -> Row:
        for name in self.required:
            if values.get(name) is None:
                raise invalid(f"{name} is required.")
        return values

    def _make(self, equal: Row, wanted: dict[str, Change]) -> None:
        for name in equal:
            writable(self.fields, name)
        empty: Row = dict.fromkeys(self.fields)
        row = changed(empty | equal, wanted)
        self._add(self._complete({name: row[name] for name in (*equal, *wanted)}))

    def _add(self, values: Row) -> int:
        self._last += 1
        now = clock.now()
        always: Row = {"id": self._last, "created_at": now, "updated_at": now}
        self.rows[self._last] = dict.fromkeys(self.fields) | values | always
        return self._last

    def _check(self, touched: int, expected: int | None) -> None:
        for names in self.unique:
            kept = [tuple(row[name] for name in names) for row in self.rows.values()]
            whole = [values for values in kept if None not in values]
            if len(set(whole)) < len(whole):
                raise StorageError(Code.CONFLICT, f"Another row has the same {', '.join(names)}.")
        if expected is not None and touched != expected:
            message = f"{touched} rows would be touched and not {expected}."
            raise StorageError(Code.CONFLICT, message)

    def _id(self, row: Row) -> int:
        id = row["id"]
        assert isinstance(id, int)
        return id


def _sorted(rows: list[Row], order: Iterable[wire.Order], known: Iterable[str]) -> list[Row]:
    by = list(order)
    for each in by:
        if each.field not in known:
            raise invalid(f"There is no field {each.field!r} to sort by.")
    # The last is the least; equals stay as they were.
    for each in reversed(by):
        rows = sorted(rows, key=_value(each.field), reverse=each.order == "desc")
    return rows


def _value(name: str) -> Callable[[Row], Any]:
    return lambda row: rank(row[name])


def _plain(row: Row) -> wire.Row:
    return {name: plain(value) for name, value in row.items()}
