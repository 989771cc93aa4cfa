"""Update operators as assignments of SQL, and as the first values of a row that an upsert makes."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Float,
    and_,
    case,
    cast,
    func,
    literal,
    literal_column,
    or_,
    type_coerce,
)

from core.database.fields import Field, Value, coerced, finite, storable, whole
from core.database.problems import Refusal, invalid
from core.database.shapes import Shape

ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "$inc": operator.add,
    "$dec": operator.sub,
    "$mul": operator.mul,
}
ALLOWED = "$set, $inc, $dec, $mul, $max, $min"
LARGEST_FLOAT = 1.7976931348623157e308


@dataclass(frozen=True)
class Change:
    """What one operator does to one field."""

    field: Field
    sign: str
    value: Any

    @property
    def is_arithmetic(self) -> bool:
        return self.sign in ARITHMETIC


def changes(shape: Shape, update: Mapping[str, Any]) -> list[Change]:
    """Raises Refusal for an update that is not sound."""
    found: dict[str, Change] = {}
    for sign, targets in update.items():
        if not isinstance(targets, dict) or not targets:
            raise invalid(f"{sign[:64]} takes an object of fields; allowed: {ALLOWED}.", "update")
        for name, value in targets.items():
            field = shape.writable(name)
            if field.name in found:
                raise invalid(f"{name} is named by two operators.", name)
            found[name] = Change(field, sign, _operand(field, sign, value))
    if not found:
        raise invalid(f"An update names at least one field; allowed: {ALLOWED}.", "update")
    return list(found.values())


def assignments(shape: Shape, wanted: list[Change]) -> dict[str, Any]:
    """The new value of each field, from the old."""
    return {each.field.name: _assigned(shape, each) for each in wanted}


def overflows(wanted: list[Change]) -> ColumnElement[bool] | None:
    """Whether a changed row's numbers are none, which SQLite does not say unasked."""
    checks = [
        func.abs(each.field.column) > LARGEST_FLOAT
        if each.field.type == "float"
        else func.typeof(each.field.column) == "real"
        for each in wanted
        if each.is_arithmetic
    ]
    return or_(*checks) if checks else None


def first_values(wanted: list[Change], equal: Mapping[str, Value]) -> dict[str, Value]:
    """What the operators make of a row of which only `equal` is known; its numbers are 0.

    Raises Refusal for a number that becomes too large.
    """
    return {each.field.name: _first(each, equal.get(each.field.name)) for each in wanted}


def too_large(field: str | None = None) -> Refusal:
    return invalid(f"{field or 'A number'} becomes too large a number.", field)


def _operand(field: Field, sign: str, value: Any) -> Any:
    if sign == "$set":
        return storable(field, value)
    if sign in ARITHMETIC:
        return _number(field, sign, value)
    if sign not in ("$max", "$min"):
        raise invalid(f"There is no operator {sign[:64]!r}; allowed: {ALLOWED}.", "update")
    if not field.is_number and field.type != "datetime":
        raise invalid(f"{sign} is for numbers and times; {field.name} is {field.type}.", field.name)
    if value is None:
        raise invalid(f"{sign} of {field.name} does not take null.", field.name)
    return coerced(field, value)


def _number(field: Field, sign: str, value: Any) -> int | float:
    if not field.is_number:
        raise invalid(f"{sign} is for numbers; {field.name} is {field.type}.", field.name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise invalid(f"{sign} of {field.name} takes a number.", field.name)
    try:
        if field.type == "integer" and isinstance(value, int):
            return whole(value)
        return finite(float(value))
    except OverflowError:
        raise invalid(f"{sign} of {field.name} takes a number of 64 bits.", field.name) from None


def _assigned(shape: Shape, change: Change) -> Any:
    if change.sign == "$set":
        return change.value
    if not change.is_arithmetic:
        return _limited(change)
    if change.field.type == "float":
        return _calculated(shape, change)
    if isinstance(change.value, int):
        old = func.coalesce(change.field.column, literal_column("0"))
        return ARITHMETIC[change.sign](old, literal(change.value, BigInteger()))
    return _truncated(shape, _calculated(shape, change))


def _calculated(shape: Shape, change: Change) -> ColumnElement[Any]:
    """In floating point."""
    old: Any = func.coalesce(change.field.column, literal_column("0"))
    old = cast(old, Float(53)) if change.field.type == "integer" else type_coerce(old, Float(53))
    new: ColumnElement[Any] = ARITHMETIC[change.sign](old, literal(change.value, Float(53)))
    if change.sign != "$mul" or shape.is_sqlite:
        return new
    # PostgreSQL refuses a product too small for anything but zero.
    vanishes = func.abs(old) <= literal(_vanishing(change.value), Float(53))
    return case((vanishes, literal_column("0", Float(53))), else_=new)


def _vanishing(factor: float) -> float:
    """The largest number that becomes zero when multiplied by `factor`."""
    if abs(factor) > 0.5 or factor == 0:
        return 0.0
    low, high = 0.0, 1.0
    while (middle := (low + high) / 2) not in (low, high):
        low, high = (middle, high) if middle * factor == 0 else (low, middle)
    return low


def _truncated(shape: Shape, number: ColumnElement[Any]) -> ColumnElement[Any]:
    if not shape.is_sqlite:
        return cast(func.trunc(number), BigInteger)
    # A cast would make the largest of what is too large; as a float it is found by `overflows`.
    fits = and_(number >= literal(-(2.0**63), Float(53)), number < literal(2.0**63, Float(53)))
    return case((fits, cast(number, BigInteger)), else_=number)


def _limited(change: Change) -> ColumnElement[Any]:
    column, new = change.field.column, literal(change.value, change.field.column.type)
    old = func.coalesce(column, literal_column("0")) if change.field.is_number else column
    stays = old >= new if change.sign == "$max" else old <= new
    return case((stays, old), else_=new)


def _first(change: Change, known: Value) -> Value:
    if change.sign == "$set":
        return change.value  # type: ignore[no-any-return]
    old: Any = change.value if known is None and not change.field.is_number else known or 0
    if not change.is_arithmetic:
        return max(old, change.value) if change.sign == "$max" else min(old, change.value)  # type: ignore[no-any-return]
    try:
        new = ARITHMETIC[change.sign](old, change.value)
        return whole(int(new)) if change.field.type == "integer" else finite(float(new))
    except OverflowError:
        raise too_large(change.field.name) from None
