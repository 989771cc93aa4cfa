"""Aggregates as columns of SQL, and what their values mean."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Float, case, cast, collate, func, literal, type_coerce
from sqlalchemy.dialects.postgresql import aggregate_order_by

from core.database.fields import Field, finite, whole
from core.database.problems import Refusal, invalid
from core.database.shapes import Shape

ALLOWED = "$count, $sum, $avg, $min, $max"
# Sums of 64 bits are made of their halves, of which SQLite can add billions.
_HALF = 32
_LOWER = 2**_HALF - 1

Columns = Sequence[ColumnElement[Any]]


@dataclass(frozen=True)
class Measure:
    """One aggregate: what is asked of the database, what becomes of the answer, how to sort."""

    columns: Columns
    finish: Callable[[Sequence[Any]], Any]
    sorts: Columns
    is_text: bool = False


def measure(shape: Shape, name: str, given: dict[str, Any]) -> Measure:
    """What `{$sum: field}` and its kin mean. Raises Refusal."""
    if len(given) != 1:
        raise invalid(f"{name} has one operator; allowed: {ALLOWED}.", name)
    ((sign, target),) = given.items()
    if sign == "$count":
        what = func.count() if target == "*" else func.count(shape.field(target).column)
        return Measure([what], _only, [what])
    if sign not in ("$sum", "$avg", "$min", "$max"):
        raise invalid(f"There is no aggregate {sign[:64]!r}; allowed: {ALLOWED}.", name)
    field = shape.field(target)
    if sign in ("$min", "$max"):
        return _extreme(shape, sign, field)
    if not field.is_number:
        raise invalid(f"{sign} is for numbers; {field.name} is {field.type}.", field.name)
    return _integers(shape, sign, field) if field.type == "integer" else _floats(shape, sign, field)


def _only(values: Sequence[Any]) -> Any:
    return values[0]


def _extreme(shape: Shape, sign: str, field: Field) -> Measure:
    if field.type == "boolean":
        raise invalid(f"{sign} is not for {field.name}, which is {field.type}.", field.name)
    by_bytes = field.is_text and not shape.is_sqlite
    values = collate(field.column, "C") if by_bytes else field.column
    what: ColumnElement[Any] = (func.min if sign == "$min" else func.max)(values)
    return Measure([what], _only, [what], field.is_text)


def _integers(shape: Shape, sign: str, field: Field) -> Measure:
    count = func.count(field.column)
    if shape.is_sqlite:
        upper = func.sum(field.column.op(">>")(_HALF))
        lower = func.sum(field.column.op("&")(_LOWER))
        parts, sorts = [upper, lower], _sorts_of_halves(sign, upper, lower, count)
    else:
        total = func.sum(field.column)
        parts, sorts = [total], [total if sign == "$sum" else total / count]

    def finish(values: Sequence[Any]) -> Any:
        *sums, number = values
        if not number:
            return None
        total = int(sums[0]) if len(sums) == 1 else (int(sums[0]) << _HALF) + int(sums[1])
        return _whole(field, total) if sign == "$sum" else total / number

    return Measure([*parts, count], finish, sorts)


def _sorts_of_halves(
    sign: str, upper: ColumnElement[Any], lower: ColumnElement[Any], count: ColumnElement[Any]
) -> Columns:
    if sign == "$avg":
        return [(cast(upper, Float(53)) * (_LOWER + 1) + lower) / count]
    return [upper + lower.op(">>")(_HALF), lower.op("&")(_LOWER)]


def _floats(shape: Shape, sign: str, field: Field) -> Measure:
    count = func.count(field.column)
    # In one order, or the same numbers could have two sums.
    values: Any = field.column if shape.is_sqlite else aggregate_order_by(field.column, shape.id)
    total = type_coerce(func.sum(values), Float(53))
    mean = total / count
    if not shape.is_sqlite:
        # PostgreSQL refuses a quotient too small for anything but zero.
        nothing = func.abs(total) < literal(1e-290, Float(53))
        mean = case((nothing, literal(0.0, Float(53))), else_=mean)

    def finish(values: Sequence[Any]) -> Any:
        total, number = values
        if not number:
            return None
        try:
            return finite(finite(total) if sign == "$sum" else finite(total) / number)
        except OverflowError:
            raise _too_large(field) from None

    return Measure([total, count], finish, [total if sign == "$sum" else mean])


def _whole(field: Field, total: int) -> int:
    try:
        return whole(total)
    except OverflowError:
        raise _too_large(field) from None


def _too_large(field: Field) -> Refusal:
    return invalid(f"The sum of {field.name} is too large a number.", field.name)
