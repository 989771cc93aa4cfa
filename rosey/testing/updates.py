"""What an update does to a row in memory."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from rosey.contracts.storage import FieldType
from rosey.testing.coercion import (
    NUMBERS,
    Fields,
    Row,
    Value,
    coerced,
    finite,
    invalid,
    whole,
    writable,
)

Change = Callable[[Any], Value]

ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "$inc": lambda old, by: old + by,
    "$dec": lambda old, by: old - by,
    "$mul": lambda old, by: old * by,
}


def changes(
    fields: Fields, required: Collection[str], update: Mapping[str, Any]
) -> dict[str, Change]:
    """For each field that is named, what becomes of its value.

    Raises StorageError for an update that is not sound.
    """
    found: dict[str, Change] = {}
    for sign, targets in update.items():
        if not isinstance(targets, dict) or not targets:
            raise invalid(f"{sign} takes an object of fields.")
        for name, value in targets.items():
            type = writable(fields, name)
            if name in found:
                raise invalid(f"{name} is named by two operators.")
            found[name] = _change(fields, required, sign, name, type, value)
    if not found:
        raise invalid("An update names at least one field.")
    return found


def changed(row: Row, changes: Mapping[str, Change]) -> Row:
    """The row after it; the old one stays as it was.

    Raises StorageError for a number that becomes too large.
    """
    return row | {name: change(row[name]) for name, change in changes.items()}


def _change(
    fields: Fields, required: Collection[str], sign: str, name: str, type: FieldType, value: Any
) -> Change:
    if sign == "$set":
        wanted = coerced(fields, name, value)
        if wanted is None and name in required:
            raise invalid(f"{name} is required.")
        return lambda old: wanted
    if sign in ARITHMETIC:
        return _calculation(sign, name, type, value)
    if sign in ("$max", "$min"):
        return _limit(fields, sign, name, type, value)
    raise invalid(f"There is no operator {sign!r}.")


def _calculation(sign: str, name: str, type: FieldType, value: Any) -> Change:
    if type not in NUMBERS:
        raise invalid(f"{sign} is for numbers, and {name} is none.")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise invalid(f"{sign} of {name} takes a number.")
    too_large = invalid(f"{name} becomes too large a number.")
    try:
        by = whole(value) if isinstance(value, int) and type == "integer" else finite(value)
    except OverflowError:
        raise invalid(f"{sign} of {name} takes a number that {name} can hold.") from None
    calculate = ARITHMETIC[sign]

    def change(old: Any) -> Value:
        try:
            new = calculate(old or 0, by)
            return whole(int(new)) if type == "integer" else finite(float(new))
        except OverflowError:
            raise too_large from None

    return change


def _limit(fields: Fields, sign: str, name: str, type: FieldType, value: Any) -> Change:
    if type not in (*NUMBERS, "datetime"):
        raise invalid(f"{sign} is for numbers and times, and {name} is neither.")
    if value is None:
        raise invalid(f"{sign} of {name} does not take null.")
    wanted: Any = coerced(fields, name, value)
    choose = max if sign == "$max" else min
    missing = wanted if type == "datetime" else coerced(fields, name, 0)

    def change(old: Any) -> Value:
        best: Value = choose(missing if old is None else old, wanted)
        return best

    return change
