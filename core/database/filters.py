"""Filters as conditions of SQL. What is compared with null is neither true nor false."""

import operator
from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, collate, func, literal, not_, or_, true

from core.database.fields import Field, Value, coerced
from core.database.problems import Refusal, invalid
from core.database.shapes import Shape
from core.database.store import small

Condition = ColumnElement[bool]

DEEPEST = 20
MOST_CONDITIONS = 200
# Of all `$in` and `$nin` together; PostgreSQL takes 32767 in a statement.
MOST_VALUES = 10_000
# SQLite takes patterns of 50,000 bytes.
LONGEST_PATTERN = 10_000
COMPARISONS: dict[str, Callable[[Any, Any], Condition]] = {
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
}
ALLOWED = (
    "$eq, $ne, $gt, $gte, $lt, $lte, $in, $nin, $like, $ilike, $exists, $null; "
    "$and, $or and $not around filters"
)


def condition(shape: Shape, given: dict[str, Any]) -> Condition:
    """What a filter asks of a row. Raises Refusal for one that is not sound."""
    return _Reading(shape).filter(given, 0)


def equalities(shape: Shape, given: dict[str, Any]) -> dict[str, Value]:
    """What a sound filter says plainly that a row is, outside of `$and`, `$or` and `$not`."""
    found: dict[str, Value] = {}
    for name, wanted in given.items():
        operators = wanted if isinstance(wanted, dict) else {"$eq": wanted}
        if not name.startswith("$") and "$eq" in operators:
            found[name] = coerced(shape.field(name), operators["$eq"])
    return found


class _Reading:
    """One filter, and how much of it was read so far."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._conditions = 0
        self._values = 0

    def filter(self, given: Any, depth: int) -> Condition:
        if not isinstance(given, dict):
            raise _unsound("A filter is an object.")
        if depth > DEEPEST:
            raise _unsound(f"A filter is at most {DEEPEST} deep.")
        parts = [self._part(name, wanted, depth) for name, wanted in given.items()]
        return and_(true(), *parts)

    def _part(self, name: str, wanted: Any, depth: int) -> Condition:
        if name == "$not":
            return not_(self.filter(wanted, depth + 1))
        if name in ("$and", "$or"):
            if not isinstance(wanted, list) or not wanted:
                raise _unsound(f"{name} takes a list of filters, at least one.")
            if len(wanted) > MOST_CONDITIONS:
                raise _too_many()
            inner = [self.filter(each, depth + 1) for each in wanted]
            return and_(*inner) if name == "$and" else or_(*inner)
        if name.startswith("$"):
            raise _unsound(f"There is no operator {name[:64]!r}; allowed: {ALLOWED}.")
        return self._of_field(self._shape.field(name), wanted)

    def _of_field(self, field: Field, wanted: Any) -> Condition:
        operators = wanted if isinstance(wanted, dict) else {"$eq": wanted}
        if not operators:
            raise _unsound(f"{field.name} has no operator; allowed: {ALLOWED}.", field.name)
        self._count(operators)
        return and_(*(_test(self._shape, field, sign, each) for sign, each in operators.items()))

    def _count(self, operators: dict[str, Any]) -> None:
        self._conditions += len(operators)
        if self._conditions > MOST_CONDITIONS:
            raise _too_many()
        self._values += sum(len(each) for each in operators.values() if isinstance(each, list))
        if self._values > MOST_VALUES:
            raise _unsound(f"The lists of a filter have at most {MOST_VALUES} values.")


def _test(shape: Shape, field: Field, sign: str, value: Any) -> Condition:
    match sign:
        case "$eq" | "$ne":
            other = coerced(field, value)
            # With None these are IS NULL and IS NOT NULL.
            is_equal: Condition = field.column == other
            return is_equal if sign == "$eq" else field.column != other
        case "$gt" | "$gte" | "$lt" | "$lte":
            return _comparison(field, sign, value)
        case "$in" | "$nin":
            values = _choices(field, sign, value)
            return field.column.in_(values) if sign == "$in" else field.column.not_in(values)
        case "$like" | "$ilike":
            return _likeness(shape, field, sign, value)
        case "$exists" | "$null":
            return _presence(field, sign, value)
    raise _unsound(f"There is no operator {sign[:64]!r}; allowed: {ALLOWED}.", field.name)


def _comparison(field: Field, sign: str, value: Any) -> Condition:
    if not field.is_number and field.type != "datetime":
        raise _unsound(
            f"{sign} is for numbers and times; {field.name} is {field.type}.", field.name
        )
    if value is None:
        raise _unsound(f"{sign} of {field.name} does not take null.", field.name)
    return COMPARISONS[sign](field.column, coerced(field, value))


def _choices(field: Field, sign: str, value: Any) -> list[Value]:
    if not isinstance(value, list) or not value or any(each is None for each in value):
        raise _unsound(
            f"{sign} of {field.name} takes a list of values, at least one, none of them null.",
            field.name,
        )
    return [coerced(field, each) for each in value]


def _presence(field: Field, sign: str, value: Any) -> Condition:
    if not isinstance(value, bool):
        raise _unsound(f"{sign} of {field.name} takes true or false.", field.name)
    return field.column.is_(None) if value is (sign == "$null") else field.column.is_not(None)


def _likeness(shape: Shape, field: Field, sign: str, value: Any) -> Condition:
    if not field.is_text:
        raise _unsound(f"{sign} is for text; {field.name} is {field.type}.", field.name)
    pattern = _pattern(field, sign, value)
    if sign == "$like":
        return field.column.like(pattern, escape="\\")
    if shape.is_sqlite:
        return func.rosey_lower(field.column, type_=Text).like(small(pattern), escape="\\")
    looked_for = _lower(shape, literal(pattern, Text()))
    return _lower(shape, field.column).like(looked_for, escape="\\")


def _lower(shape: Shape, text: ColumnElement[str]) -> ColumnElement[str]:
    return func.lower(collate(text, shape.small_letters) if shape.small_letters else text)


def _pattern(field: Field, sign: str, value: Any) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_PATTERN or not _is_storable(value):
        raise _unsound(
            f"{sign} of {field.name} takes a pattern: text of up to {LONGEST_PATTERN} characters, "
            "% for any text and _ for any character.",
            field.name,
        )
    if (len(value) - len(value.rstrip("\\"))) % 2:
        raise _unsound(f"The pattern of {field.name} ends in a lone \\.", field.name)
    return value


def _is_storable(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def _too_many() -> Refusal:
    return _unsound(f"A filter has at most {MOST_CONDITIONS} conditions.")


def _unsound(message: str, field: str = "filter") -> Refusal:
    return invalid(message, field)
