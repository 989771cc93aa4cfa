"""The columns that every table has, and the types that fields have on both databases."""

from typing import Any

from alembic import op
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Float,
    Identity,
    Integer,
    String,
    Text,
    false,
    text,
)
from sqlalchemy.sql.schema import SchemaItem

# The form that SQLAlchemy gives a time on SQLite, which has none of its own.
_SQLITE_NOW = "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))"


def create_table(name: str, *items: SchemaItem) -> None:
    """A table with `id`, `created_at`, `updated_at` and `items`."""
    # AUTOINCREMENT: the id of a row that is gone never comes again, as on PostgreSQL.
    op.create_table(name, *standard(), *items, sqlite_autoincrement=True)


def standard() -> list[Column[Any]]:
    """`id`, `created_at`, `updated_at`."""
    number = BigInteger().with_variant(Integer, "sqlite")
    now = text(_SQLITE_NOW if op.get_context().dialect.name == "sqlite" else "now()")
    return [
        Column("id", number, Identity(), primary_key=True),
        *(
            Column(name, DateTime(timezone=True), nullable=False, server_default=now)
            for name in ("created_at", "updated_at")
        ),
    ]


def string(name: str, required: bool = False) -> Column[str]:
    """Up to 255 characters."""
    return Column(name, String(255), nullable=not required)


def text_(name: str, required: bool = False) -> Column[str]:
    """Of any length."""
    return Column(name, Text, nullable=not required)


def count(name: str) -> Column[int]:
    """64 bits, 0 where nothing is said, never null."""
    return Column(name, BigInteger, nullable=False, server_default="0")


def number(name: str) -> Column[float]:
    """A float; may be null."""
    return Column(name, Float(53))


def amount(name: str) -> Column[float]:
    """A float, 0 where nothing is said, never null."""
    return Column(name, Float(53), nullable=False, server_default="0")


def flag(name: str) -> Column[bool]:
    """False where nothing is said, never null."""
    return Column(name, Boolean, nullable=False, server_default=false())


def moment(name: str, required: bool = False) -> Column[Any]:
    """A time with its zone."""
    return Column(name, DateTime(timezone=True), nullable=not required)
