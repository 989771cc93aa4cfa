"""A database in memory for tests that look into its tables, and in which it can be away."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rosey.contracts.storage import (
    RESERVED_FIELDS,
    FieldDefinition,
    FieldType,
    Row,
    TableDefinition,
)
from rosey.storage import Database, Unavailable
from rosey.testing import MemoryDatabase

Tables = Mapping[str, list[FieldDefinition]]
Unique = Mapping[str, Iterable[Sequence[str]]]


def fields(type: FieldType, names: str, required: bool = False) -> list[FieldDefinition]:
    """One for each of the names, which are apart by blanks."""
    return [FieldDefinition(name=name, type=type, required=required) for name in names.split()]


class MemoryService(MemoryDatabase):
    """While it is `away` nobody answers; `asked` are all requests, each with its `op`."""

    def __init__(self, tables: Tables, unique: Unique) -> None:
        definitions = {name: TableDefinition(fields=each) for name, each in tables.items()}
        super().__init__(definitions, unique)
        self.client = Database(self)
        self.asked: list[dict[str, Any]] = []
        self.away = False

    def hear(self, op: str, request: bytes) -> dict[str, Any]:
        """The request as it is kept in `asked`. Raises Unavailable while it is away."""
        asked = {**json.loads(request), "op": op}
        self.asked.append(asked)
        if self.away:
            raise Unavailable("The database is not there.")
        return asked

    @property
    def tables(self) -> dict[str, list[Row]]:
        return {name: self.rows(name) for name in self._tables}

    def rows(self, table: str, **equal: Any) -> list[Row]:
        """Those that match, in the order of coming, without the fields that every table has."""
        return [
            {name: row[name] for name in row if name not in RESERVED_FIELDS}
            for row in self._tables[table].rows.values()
            if equal.items() <= row.items()
        ]
