"""What a plugin keeps about a person, whether in rows or under keys: counted, read, forgotten."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Protocol

from rosey.channels import Channel
from rosey.contracts import storage as wire
from rosey.contracts.storage import LONGEST_KEY, Row
from rosey.manifest import People
from rosey.names import LONGEST_NAME, name_key
from rosey.storage import Database
from rosey.storage.client import KeyValues
from rosey.storage.patterns import literally

# Rows of one table in a file, and at a time.
MOST_ROWS = 20_000
STEP = 100
# Keys of one kind that are told of.
MOST_KEYS = wire.MOST_ROWS


@dataclass(frozen=True)
class Person:
    """Somebody by his name on a connection; `channel` is where that is asked."""

    name: str
    channel: str

    @property
    def connection(self) -> str:
        return Channel.parse(self.channel).connection


class Place(Protocol):
    """Where something of one kind about one person is. All of it raises StorageError."""

    async def count(self) -> int: ...

    def entries(self) -> AsyncIterator[Row]:
        """As many as are told of; see MOST_ROWS and MOST_KEYS."""
        ...

    async def forget(self, once: str) -> int:
        """As `[[people]]` says; how many were changed. A repeat of `once` changes nothing more."""
        ...


def place(database: Database, people: People, person: Person) -> Place:
    """Where that is."""
    if people.keys is not None:
        return _Keys(database.keys, people, person)
    return _Rows(database, people, person)


class _Rows:
    def __init__(self, database: Database, people: People, person: Person) -> None:
        assert people.table
        assert people.field
        self._database = database
        self._table = people.table
        self._becomes = people.forget
        self._theirs: dict[str, Any] = {
            people.field: {"$ilike": literally(person.name[:LONGEST_NAME])}
        }
        if not people.everywhere:
            self._theirs["channel"] = {"$like": f"{literally(person.connection)}/%"}

    async def count(self) -> int:
        return await self._database.count(self._table, self._theirs)

    async def entries(self) -> AsyncIterator[Row]:
        """The newest first."""
        older = dict(self._theirs)
        for _ in range(MOST_ROWS // STEP):
            rows = await self._database.select(self._table, older, order=("-id",), limit=STEP)
            for row in rows:
                yield row
            if len(rows) < STEP:
                return
            older["id"] = {"$lt": rows[-1]["id"]}

    async def forget(self, once: str) -> int:
        if self._becomes == "delete":
            return await self._database.delete(self._table, self._theirs, once)
        change = {"$set": self._becomes}
        return (await self._database.update(self._table, self._theirs, change, key=once)).updated


class _Keys:
    def __init__(self, keys: KeyValues, people: People, person: Person) -> None:
        assert people.keys
        values = {"user": name_key(person.name), "channel": person.channel}
        filled = re.sub(r"\{(\w+)\}", lambda found: values[found[1]], people.keys)
        self._keys = keys
        self._are_several = people.keys.endswith("*")
        self._begin = filled[:-1] if self._are_several else filled

    async def count(self) -> int:
        return len(await self._names())

    async def entries(self) -> AsyncIterator[Row]:
        for name in await self._names():
            yield {"key": name, "value": await self._keys.get(name)}

    async def forget(self, once: str) -> int:
        """A repeat finds what is left; deleting a key twice does no harm."""
        gone = 0
        while names := await self._names():
            for name in names:
                gone += await self._keys.delete(name)
        return gone

    async def _names(self) -> list[str]:
        if len(self._begin) > LONGEST_KEY:  # the plugin could not keep it either
            return []
        if self._are_several:
            return await self._keys.list(self._begin, limit=MOST_KEYS)
        # In their order the key itself comes first of those that begin with it.
        found = await self._keys.list(self._begin, limit=1)
        return [name for name in found if name == self._begin]
