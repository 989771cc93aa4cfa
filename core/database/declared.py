"""Tables that plugins declare in `plugin.toml`: made, and given new columns."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from alembic.migration import MigrationContext
from alembic.operations import BatchOperations, Operations
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Identity,
    Integer,
    MetaData,
    Table,
    inspect,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import FunctionElement

from core.database.fields import TYPES
from core.database.problems import invalid
from core.database.shapes import kind_of, physical
from rosey.contracts.storage import RESERVED_FIELDS, FieldDefinition, TableDefinition

# PostgreSQL cuts longer names without a word.
LONGEST_NAME = 63


class _Now(FunctionElement[Any]):
    """This moment, in the form the database keeps."""

    inherit_cache = True


@compiles(_Now, "postgresql")
def _now_postgres(element: _Now, compiler: Any, **_: Any) -> str:
    return "now()"


@compiles(_Now, "sqlite")
def _now_sqlite(element: _Now, compiler: Any, **_: Any) -> str:
    return "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))"


def table_of(plugin: str, name: str, definition: TableDefinition, metadata: MetaData) -> Table:
    """The table behind a definition."""
    number = BigInteger().with_variant(Integer, "sqlite")
    times = (
        Column(each, TYPES["datetime"], nullable=False, server_default=_Now())
        for each in ("created_at", "updated_at")
    )
    return Table(
        physical(plugin, name),
        metadata,
        Column("id", number, Identity(), primary_key=True),
        *times,
        *(_column(field) for field in definition.fields),
        # The id of a row that is gone never comes again, as on PostgreSQL.
        sqlite_autoincrement=True,
    )


@dataclass(frozen=True)
class Step:
    """One change that a table needs, in words, and what makes it."""

    words: str
    make: Callable[[Connection], None]

    def __str__(self) -> str:
        return self.words


def missing(connection: Connection, plugin: str, tables: dict[str, TableDefinition]) -> list[Step]:
    """What must be done so that a plugin's tables are as it declares them. Raises Refusal."""
    there = set(inspect(connection).get_table_names())
    steps: list[Step] = []
    for name, definition in tables.items():
        _check_names(plugin, name, definition)
        table = table_of(plugin, name, definition, MetaData())
        if table.name in there:
            steps += _changes(connection, table, definition)
        else:
            steps.append(Step(f"table {table.name}", table.create))
    return steps


def _column(field: FieldDefinition) -> Column[Any]:
    return Column(field.name, TYPES[field.type], nullable=not field.required)


def _check_names(plugin: str, name: str, definition: TableDefinition) -> None:
    for each in (physical(plugin, name), *(field.name for field in definition.fields)):
        if len(each) > LONGEST_NAME:
            raise invalid(
                f"{each} has {len(each)} characters and a database takes {LONGEST_NAME}; "
                "choose a shorter name."
            )


def _changes(connection: Connection, table: Table, definition: TableDefinition) -> list[Step]:
    columns = {each["name"]: each for each in inspect(connection).get_columns(table.name)}
    _check_reserved(table, columns)
    steps = []
    for field in definition.fields:
        column = columns.pop(field.name, None)
        if column is None:
            _check_new(connection, table, field)
            steps.append(_adding(table, field))
            continue
        _check_type(table, field, kind_of(column["type"]) or str(column["type"]))
        if field.required == column["nullable"]:
            _check_filled(connection, table, field)
            steps.append(_requiring(table, column, field.required))
    # What is declared no longer stays with what is in it, but nobody can be made to fill it.
    gone = [each for name, each in columns.items() if name not in RESERVED_FIELDS]
    return steps + [_requiring(table, each, False) for each in gone if not each["nullable"]]


def _check_reserved(table: Table, columns: dict[str, Any]) -> None:
    lost = [name for name in RESERVED_FIELDS if name not in columns]
    if lost:
        raise invalid(f"{table.name} is there without {', '.join(lost)}, so it is not Rosey's.")


def _check_new(connection: Connection, table: Table, field: FieldDefinition) -> None:
    if field.required and connection.execute(select(table.c.id).limit(1)).first():
        raise invalid(
            f"{table.name}.{field.name} is new and required, and the table has rows without it; "
            "make it required = false."
        )


def _check_type(table: Table, field: FieldDefinition, kind: str) -> None:
    if kind != field.type:
        raise invalid(
            f"{table.name}.{field.name} is {kind} in the database and {field.type} in plugin.toml; "
            "a type cannot change: choose a new name for the new field."
        )


def _check_filled(connection: Connection, table: Table, field: FieldDefinition) -> None:
    empty = select(table.c.id).where(table.c[field.name].is_(None)).limit(1)
    if field.required and connection.execute(empty).first():
        raise invalid(
            f"{table.name}.{field.name} is now required, and the table has rows without it; "
            "make it required = false, or fill them first."
        )


def _adding(table: Table, field: FieldDefinition) -> Step:
    def make(connection: Connection) -> None:
        # SQLite cannot add what must not be null; the table is empty then, and made anew.
        with _batch(connection, table, anew=field.required) as batch:
            batch.add_column(_column(field))

    return Step(f"column {table.name}.{field.name}", make)


def _requiring(table: Table, column: Any, required: bool) -> Step:
    def make(connection: Connection) -> None:
        with _batch(connection, table, anew=True) as batch:
            batch.alter_column(column["name"], existing_type=column["type"], nullable=not required)

    words = "now required" if required else "no longer required"
    return Step(f"column {table.name}.{column['name']}, {words}", make)


def _batch(
    connection: Connection, table: Table, anew: bool
) -> AbstractContextManager[BatchOperations]:
    """Changes of a table; on SQLite with `anew` by a new one that takes the place of the old."""
    operations = Operations(MigrationContext.configure(connection))
    return operations.batch_alter_table(
        table.name,
        recreate="always" if anew and connection.dialect.name == "sqlite" else "never",
        table_kwargs={"sqlite_autoincrement": True},
    )
