"""Lists that people have saved in a room.

What asks the database raises StorageError, as rosey.storage does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rosey.contracts.storage import Code, Row
from rosey.names import LONGEST_NAME, name_key
from rosey.storage import Database, StorageError
from rosey.storage.saved_lists import Entry, NoList, load_list

MOST_LISTS = 50
MOST_ITEMS = 200
# In bytes: so a list at its longest fits into one request.
LONGEST_MEDIA_ID = 2_000


@dataclass(frozen=True)
class SavedList:
    """What is known of a list without looking into it."""

    name: str
    owner: str
    items: int
    saved_at: datetime


class Lists:
    """The lists of one room. Names are as `list_name` gives them."""

    def __init__(self, database: Database, channel: str) -> None:
        self._database = database
        self._channel = channel

    async def save(
        self,
        name: str,
        entries: Sequence[Entry],
        owner: str,
        at: datetime,
        key: str,
        only_own: bool = True,
    ) -> None:
        """Puts these in place of what the list held; then it is `owner`'s. Once for each `key`.

        Raises NoList for what would be too much, PermissionError with `only_own` for a list of
        somebody else's.
        """
        _check(entries)
        await self._check_room(name)
        try:
            await self._database.batch(self._saving(name, entries, owner, at, only_own), key)
        except StorageError as problem:
            if problem.code is Code.CONFLICT and only_own and not await self._is_of(name, owner):
                raise PermissionError(name) from problem
            raise

    async def load(self, name: str) -> list[Entry]:
        """In their order; nothing when there is no such list, for none is empty."""
        return await load_list(self._database, self._channel, name)

    async def delete(self, name: str, key: str, only_of: str = "") -> bool:
        """False when there is none. Raises PermissionError when it is not `only_of`'s."""
        mine = {"name_key": name_key(only_of)} if only_of else {}
        gone = {"op": "delete", "table": "lists", "filter": self._here | {"name": name} | mine}
        items = {"op": "delete", "table": "list_items", "filter": self._here | {"list": name}}
        try:
            await self._database.batch([gone | {"expect": 1}, items], key)
        except StorageError as problem:
            if problem.code is not Code.CONFLICT:
                raise
            if await self.find(name):
                raise PermissionError(name) from problem
            return False
        return True

    async def find(self, name: str) -> SavedList | None:
        """What is known of one."""
        rows = await self._database.select("lists", self._here | {"name": name}, limit=1)
        return _saved(rows[0]) if rows else None

    async def all(self) -> list[SavedList]:
        """By their names."""
        rows = await self._database.select("lists", self._here, order=["name"], limit=MOST_LISTS)
        return [_saved(row) for row in rows]

    @property
    def _here(self) -> dict[str, Any]:
        return {"channel": self._channel}

    async def _check_room(self, name: str) -> None:
        others = self._here | {"name": {"$ne": name}}
        if await self._database.count("lists", others) >= MOST_LISTS:
            raise NoList(f"This room has {MOST_LISTS} lists, as many as it may; delete one first.")

    async def _is_of(self, name: str, owner: str) -> bool:
        mine = self._here | {"name": name, "name_key": name_key(owner)}
        return await self._database.count("lists", mine) > 0

    def _saving(
        self, name: str, entries: Sequence[Entry], owner: str, at: datetime, only_own: bool
    ) -> list[dict[str, Any]]:
        """With `only_own` a list of somebody else's is a conflict, for its name is taken."""
        key, known = {"name_key": name_key(owner)}, {"items": len(entries), "saved_at": at}
        rows = [
            {**self._here, "list": name, "position": position, **_row(entry)}
            for position, entry in enumerate(entries)
        ]
        about = {
            "op": "update",
            "table": "lists",
            "filter": self._here | {"name": name} | (key if only_own else {}),
            "update": {"$set": known | {"owner": owner[:LONGEST_NAME]} | ({} if only_own else key)},
            "upsert": True,
        }
        gone = {"op": "delete", "table": "list_items", "filter": self._here | {"list": name}}
        return [about, gone, {"op": "insert", "table": "list_items", "values": rows}]


def _check(entries: Sequence[Entry]) -> None:
    if not entries:
        raise NoList("There is nothing to save.")
    if len(entries) > MOST_ITEMS:
        raise NoList(f"A list has at most {MOST_ITEMS} items, not {len(entries):,}.")
    if any(len(entry.id.encode()) > LONGEST_MEDIA_ID for entry in entries):
        raise NoList(f"A link in a list has at most {LONGEST_MEDIA_ID:,} bytes.")


def _row(entry: Entry) -> Row:
    return {
        "media_type": entry.type,
        "media_id": entry.id,
        "title": entry.title,
        "duration": entry.seconds,
        "added_by": entry.added_by,
        "name_key": name_key(entry.added_by),
    }


def _saved(row: Row) -> SavedList:
    return SavedList(
        name=row["name"],
        owner=row["owner"],
        items=row["items"],
        saved_at=datetime.fromisoformat(row["saved_at"]),
    )
