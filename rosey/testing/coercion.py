"""Values of a table's fields in memory: what may be put in, and how it is given out.

Times are in UTC, the rest is plain Python.
"""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from rosey.contracts.storage import RESERVED_FIELDS, Code, FieldType, TableDefinition
from rosey.storage.client import StorageError

Value = str | int | float | bool | datetime | None
Row = dict[str, Value]
# The type of each field, also of those that are always there.
Fields = Mapping[str, FieldType]

LONGEST_STRING = 255
NUMBERS = ("integer", "float")
TEXTS = ("string", "text")
TRUE = ("true", "yes", "on", "1")
FALSE = ("false", "no", "off", "0")
ALLOWED: dict[FieldType, str] = {
    "string": f"text of up to {LONGEST_STRING} characters without NUL",
    "text": "text without NUL",
    "integer": "a whole number of 64 bits",
    "float": "a finite number",
    "boolean": "true or false",
    "datetime": "a time like 2025-01-31T12:00:00Z",
}


def invalid(message: str) -> StorageError:
    return StorageError(Code.VALIDATION_ERROR, message)


def fields_of(definition: TableDefinition) -> dict[str, FieldType]:
    """All fields of a table with this definition."""
    declared: dict[str, FieldType] = {field.name: field.type for field in definition.fields}
    return {"id": "integer", **declared, "created_at": "datetime", "updated_at": "datetime"}


def type_of(fields: Fields, name: Any) -> FieldType:
    """Raises StorageError for a field that is not there."""
    if not isinstance(name, str) or name not in fields:
        raise invalid(f"There is no field {name!r}; there are {', '.join(fields)}.")
    return fields[name]


def writable(fields: Fields, name: str) -> FieldType:
    """Raises StorageError for a field that is not there or not for plugins to write."""
    if name in RESERVED_FIELDS:
        raise invalid(f"{name} is written by the service alone.")
    return type_of(fields, name)


def coerced(fields: Fields, name: str, value: Any) -> Value:
    """The value as the field keeps it; null stays null.

    Raises StorageError for what the field's type does not take.
    """
    type = type_of(fields, name)
    try:
        return None if value is None else _coerced(type, value)
    except (ValueError, OverflowError):
        raise invalid(f"{name} takes {ALLOWED[type]}.") from None


def _coerced(type: FieldType, value: Any) -> Value:
    if not isinstance(value, str | int | float):
        raise ValueError
    match type:
        case "string":
            return _text(value, LONGEST_STRING)
        case "text":
            return _text(value)
        case "integer":
            return whole(int(_number(value)))
        case "float":
            return finite(float(_number(value)))
        case "boolean":
            return _boolean(value)
        case _:
            return _time(value)


def _text(value: str | float, longest: float = math.inf) -> str:
    text = str(value)
    if len(text) > longest or "\0" in text:
        raise ValueError
    return text


def _number(value: str | float) -> str | float:
    # Python's own underscores are no part of a number that a person writes.
    if isinstance(value, str) and "_" in value:
        raise ValueError
    return value


def whole(number: int) -> int:
    """Raises OverflowError for what 64 bits cannot hold."""
    if not -(2**63) <= number < 2**63:
        raise OverflowError
    return number


def finite(number: float) -> float:
    """Without a negative zero. Raises OverflowError for what is not finite."""
    if not math.isfinite(number):
        raise OverflowError
    return number + 0.0


def _boolean(value: str | float) -> bool:
    word = value.lower() if isinstance(value, str) else value
    if word in TRUE or word in (0, 1):
        return word in TRUE or word == 1
    if word in FALSE:
        return False
    raise ValueError


def _time(value: str | float) -> datetime:
    if not isinstance(value, str):
        raise ValueError
    time = datetime.fromisoformat(value)
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


def plain(value: Value) -> str | int | float | bool | None:
    """As JSON has it."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value


def rank(value: Value) -> tuple[bool, Any]:
    """A key to sort by: null comes before all else, text by its bytes."""
    return (value is not None, value.encode() if isinstance(value, str) else value)
