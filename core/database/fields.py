"""A field of a table: what may be put in, and how the database's value becomes plain JSON."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Dialect, Float, String, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

from core.database.problems import Refusal, invalid
from rosey.contracts.storage import RESERVED_FIELDS, FieldType

LONGEST_STRING = 255
LARGEST_INTEGER = 2**63 - 1
SMALLEST_INTEGER = -(2**63)
NUMBERS = ("integer", "float")
TEXTS = ("string", "text")
TRUE = ("true", "yes", "on", "1")
FALSE = ("false", "no", "off", "0")

# What a coerced value is.
Value = str | int | float | bool | datetime | None


@dataclass(frozen=True, eq=False)
class Field:
    """One column, called on the wire as in the database."""

    name: str
    type: FieldType
    column: Column[Any]
    required: bool = False
    has_default: bool = False
    # What the database puts in where nothing is said, if that is a constant.
    default: Value = None
    longest: int | None = None

    @property
    def is_number(self) -> bool:
        return self.type in NUMBERS

    @property
    def is_text(self) -> bool:
        return self.type in TEXTS

    @property
    def is_reserved(self) -> bool:
        return self.name in RESERVED_FIELDS


def coerced(field: Field, value: Any) -> Value:
    """The value as the field keeps it; null stays null. Raises Refusal."""
    if value is None:
        return None
    try:
        return _COERCIONS[field.type](field, value)
    except (ValueError, TypeError, OverflowError):
        raise _not_taken(field) from None


def storable(field: Field, value: Any) -> Value:
    """As `coerced`, and a required field does not take null. Raises Refusal."""
    kept = coerced(field, value)
    if kept is None and field.required:
        raise invalid(f"{field.name} is required.", field.name)
    return kept


def whole(number: int) -> int:
    """Raises OverflowError for what 64 bits cannot hold."""
    if not SMALLEST_INTEGER <= number <= LARGEST_INTEGER:
        raise OverflowError
    return number


def finite(number: float) -> float:
    """Without a negative zero, which only one database keeps; OverflowError if not finite."""
    if not math.isfinite(number):
        raise OverflowError
    return number + 0.0


def _not_taken(field: Field) -> Refusal:
    return invalid(f"{field.name} takes {_allowed(field)}.", field.name)


def _allowed(field: Field) -> str:
    match field.type:
        case "string" | "text":
            length = f" of up to {field.longest} characters" if field.longest else ""
            return f"text{length} without NUL or half characters"
        case "integer":
            return "a whole number of 64 bits"
        case "float":
            return "a finite number"
        case "boolean":
            return "true or false"
        case "datetime":
            return "a time like 2025-01-31T12:00:00Z"


def _text(field: Field, value: Any) -> str:
    text = str(_scalar(value))
    if "\0" in text or (field.longest and len(text) > field.longest):
        raise ValueError
    text.encode()  # a lone surrogate is a ValueError
    return text


def _integer(_: Field, value: Any) -> int:
    return whole(int(_number(value)))


def _float(_: Field, value: Any) -> float:
    return finite(float(_number(value)))


def _boolean(_: Field, value: Any) -> bool:
    word = value.lower() if isinstance(value, str) else str(int(value)) if value in (0, 1) else ""
    if word not in TRUE + FALSE:
        raise ValueError
    return word in TRUE


def _time(_: Field, value: Any) -> datetime:
    if not isinstance(value, str):
        raise ValueError
    time = datetime.fromisoformat(value)
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


def _scalar(value: Any) -> str | int | float:
    if not isinstance(value, str | int | float):
        raise ValueError
    return value


def _number(value: Any) -> str | int | float:
    # Python's own underscores are no part of a number that a person writes.
    if isinstance(value, str) and "_" in value:
        raise ValueError
    return _scalar(value)


_COERCIONS: dict[FieldType, Callable[[Field, Any], Value]] = {
    "string": _text,
    "text": _text,
    "integer": _integer,
    "float": _float,
    "boolean": _boolean,
    "datetime": _time,
}


class Moment(TypeDecorator[Any]):
    """A time: an aware one goes in, RFC 3339 with Z comes out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        return _from_sqlite if dialect.name == "sqlite" else _from_time


class Real(TypeDecorator[Any]):
    """A float; what JSON cannot say comes out as null."""

    impl = Float(53)
    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        return _plain_number


def _from_sqlite(text: Any) -> Any:
    """`2025-01-01 00:00:00.000000` as SQLite has it; what is none comes out as it is."""
    if not isinstance(text, str) or text[10:11] != " ":
        return text
    return f"{text[:10]}T{text[11:].removesuffix('.000000')}Z"


def _from_time(time: datetime | None) -> str | None:
    if time is None:
        return None
    in_utc = time.astimezone(UTC) if time.tzinfo else time
    return in_utc.replace(tzinfo=None).isoformat() + "Z"


def _plain_number(number: Any) -> Any:
    if not isinstance(number, int | float):
        return number
    return number + 0.0 if math.isfinite(number) else None


TYPES: dict[FieldType, TypeEngine[Any]] = {
    "string": String(LONGEST_STRING),
    "text": Text(),
    "integer": BigInteger(),
    "float": Real(),
    "boolean": Boolean(),
    "datetime": Moment(),
}
