"""What fields a table has, as the database itself says."""

import asyncio
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    DateTime,
    Float,
    Identity,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    collate,
    insert,
    inspect,
    text,
)
from sqlalchemy.exc import NoSuchTableError
from sqlalchemy.sql.dml import ReturningInsert
from sqlalchemy.types import TypeEngine

from core.database.fields import LONGEST_STRING, TYPES, Field, Value, coerced
from core.database.problems import Refusal, invalid
from core.database.store import Store
from rosey.contracts.storage import FieldType

# Which field a column is; a text is a string too, and a float a number, so they come first.
_KINDS: tuple[tuple[type[TypeEngine[Any]], FieldType], ...] = (
    (Text, "text"),
    (String, "string"),
    (Boolean, "boolean"),
    (Integer, "integer"),
    (Float, "float"),
    (Numeric, "float"),
    (DateTime, "datetime"),
)
_NUMBER = BigInteger().with_variant(Integer, "sqlite")
# PostgreSQL's collation (17 and later) that knows small letters of all alphabets, one for one.
SMALL_LETTERS = "pg_c_utf8"
_CONSTANT = re.compile(r"\(*(?:'((?:[^']|'')*)'|([\w.+-]+))\)*(?:::[\w \[\]()]+)?\)*$")


@dataclass(frozen=True, eq=False)
class Shape:
    """A table as its plugin sees it. `small_letters` is the collation to make them with."""

    name: str
    table: Table
    fields: dict[str, Field]
    is_sqlite: bool
    small_letters: str | None = None

    @cached_property
    def plain(self) -> list[Field]:
        """Fields that an insert always fills, if only with null."""
        fields = self.fields.values()
        return [each for each in fields if not each.is_reserved and not each.has_default]

    @property
    def id(self) -> Column[Any]:
        return self.table.c.id

    @cached_property
    def insertion(self) -> ReturningInsert[tuple[Any]]:
        """Of one row, giving its id. Made once, for making it takes longer than doing it."""
        return insert(self.table).returning(self.id)

    def field(self, name: Any) -> Field:
        """Raises Refusal for a field that is not there."""
        found = self.fields.get(name) if isinstance(name, str) else None
        if found is None:
            there = ", ".join(self.fields)
            raise invalid(f"{self.name} has no field {_shown(name)}; it has {there}.", "field")
        return found

    def writable(self, name: Any) -> Field:
        """Raises Refusal for a field that is not there or not for plugins to write."""
        found = self.field(name)
        if found.is_reserved:
            raise invalid(f"{found.name} is written by the service alone.", found.name)
        return found


class Shapes:
    """The shapes of all tables of `store`, each read once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[tuple[str, str], Shape] = {}
        self._one_reader = asyncio.Lock()

    async def find(self, plugin: str, name: str) -> Shape:
        """The shape of a table; one that is not known is looked for. Raises Refusal."""
        known = self._known.get((plugin, name))
        return known or await self._look(plugin, name)

    def forget(self) -> None:
        """For when tables have changed."""
        self._known.clear()

    async def _look(self, plugin: str, name: str) -> Shape:
        async with self._one_reader:
            if known := self._known.get((plugin, name)):
                return known
            async with self._store.read() as connection:
                shape = await connection.run_sync(_read, plugin, name)
            if shape is None:
                raise invalid(f"There is no table {_shown(name)}.", "table")
            self._known[plugin, name] = shape
            return shape


def physical(plugin: str, name: str) -> str:
    """What a plugin's table is called in the database."""
    return f"{plugin}_{name}"


def _read(connection: Connection, plugin: str, name: str) -> Shape | None:
    try:
        found = inspect(connection).get_columns(physical(plugin, name))
    except NoSuchTableError:
        return None
    read = [(each, type) for each in found if (type := kind_of(each["type"]))]
    columns = {each["name"]: _column(each, type) for each, type in read}
    if not {"id", "created_at", "updated_at"} <= columns.keys():
        return None  # not a table of ours
    table = Table(physical(plugin, name), MetaData(), *columns.values())
    fields = {each["name"]: _field(each, type, table) for each, type in read}
    is_sqlite = connection.dialect.name == "sqlite"
    return Shape(name, table, fields, is_sqlite, None if is_sqlite else _collation(connection))


def kind_of(type: TypeEngine[Any]) -> FieldType | None:
    """Which field a column that was read from the database is; None for one that is no field."""
    return next((name for kind, name in _KINDS if isinstance(type, kind)), None)


def _column(each: Any, type: FieldType) -> Column[Any]:
    if each["name"] == "id":
        return Column("id", _NUMBER, Identity(), primary_key=True)
    return Column(each["name"], TYPES[type], nullable=each["nullable"])


def _field(each: Any, type: FieldType, table: Table) -> Field:
    longest = (each["type"].length or LONGEST_STRING) if type == "string" else None
    default = each.get("default")
    column = table.c[each["name"]]
    bare = Field(each["name"], type, column, not each["nullable"], bool(default), None, longest)
    if not default:
        return bare
    constant = _constant(bare, default)
    return Field(bare.name, type, column, bare.required, True, constant, longest)


def _constant(field: Field, default: str) -> Value:
    """What `DEFAULT 'a'`, `0` or `false` means; None for what the database works out."""
    found = _CONSTANT.match(default)
    if not found:
        return None
    quoted, bare = found.groups()
    try:
        return coerced(field, bare if quoted is None else quoted.replace("''", "'"))
    except Refusal:
        return None


def _collation(connection: Connection) -> str | None:
    exists = text("SELECT 1 FROM pg_collation WHERE collname = :name").bindparams(
        name=SMALL_LETTERS
    )
    return SMALL_LETTERS if connection.execute(exists).first() else None


def _shown(name: Any) -> str:
    return repr(name[:64]) if isinstance(name, str) else "of that kind"


def ordered(
    shape: Shape, what: Any, downwards: bool, is_text: bool = False, may_be_null: bool = True
) -> Any:
    """`ORDER BY` with the same meaning everywhere: null is least, text by its bytes."""
    by = collate(what, "C") if is_text and not shape.is_sqlite else what
    by = by.desc() if downwards else by.asc()
    # Left out where it can be, for PostgreSQL's indexes have null last.
    if shape.is_sqlite or not may_be_null:
        return by
    return by.nulls_last() if downwards else by.nulls_first()
