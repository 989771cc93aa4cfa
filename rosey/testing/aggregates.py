"""Sums, counts and their kin over rows in memory."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rosey.contracts.storage import FieldType
from rosey.testing.coercion import (
    NUMBERS,
    TEXTS,
    Fields,
    Row,
    Value,
    finite,
    invalid,
    rank,
    type_of,
    whole,
)

Aggregate = Callable[[Sequence[Row]], Value]


def aggregate(fields: Fields, given: Mapping[str, Any]) -> Aggregate:
    """What `{$sum: field}` and its kin make of rows.

    Raises StorageError when it is none of them, or is not for such a field.
    """
    if len(given) != 1:
        raise invalid("An aggregate has one operator.")
    ((sign, name),) = given.items()
    if sign == "$count" and name == "*":
        return len
    type = type_of(fields, name)
    of_values = _of_values(sign, name, type)
    return lambda rows: of_values([row[name] for row in rows if row[name] is not None])


def _of_values(sign: str, name: str, type: FieldType) -> Callable[[list[Any]], Value]:
    match sign:
        case "$count":
            return len
        case "$sum" | "$avg":
            if type not in NUMBERS:
                raise invalid(f"{sign} is for numbers, and {name} is none.")
            return lambda values: _sum(sign, name, type, values)
        case "$min" | "$max":
            if type not in (*NUMBERS, *TEXTS, "datetime"):
                raise invalid(f"{sign} is not for {name}, which has no order.")
            choose = min if sign == "$min" else max
            return lambda values: choose(values, key=rank, default=None)
    raise invalid(f"There is no aggregate {sign!r}.")


def _sum(sign: str, name: str, type: FieldType, values: list[Any]) -> Value:
    """Of integers however large: only what is given away must fit."""
    if not values:
        return None
    try:
        total: Any = sum(values) if type == "integer" else finite(math.fsum(values))
    except OverflowError:
        raise invalid(f"The sum of {name} is too large a number.") from None
    return float(total / len(values)) if sign == "$avg" else total


def fitting(group: Row) -> Row:
    """Raises StorageError for a sum that 64 bits cannot hold."""
    for name, value in group.items():
        try:
            if isinstance(value, int):
                whole(value)
        except OverflowError:
            raise invalid(f"{name} is too large a number.") from None
    return group


def groups(rows: Sequence[Row], by: Sequence[str]) -> list[tuple[Row, list[Row]]]:
    """Grouping fields and rows of each group, in order; without `by` all rows are one."""
    if not by:
        return [({}, list(rows))]
    found: dict[tuple[Value, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(row[name] for name in by), []).append(row)
    ordered = sorted(found.items(), key=lambda group: [rank(value) for value in group[0]])
    return [(dict(zip(by, values, strict=True)), members) for values, members in ordered]
