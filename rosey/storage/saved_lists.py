"""The items of lists that people have saved in a room, in the playlist's table `list_items`.

What asks the database raises StorageError, as rosey.storage does.
"""

import re
from dataclasses import dataclass

from rosey.contracts.media import FoundMedia
from rosey.contracts.playlist import Item
from rosey.contracts.storage import Row
from rosey.names import LONGEST_NAME
from rosey.storage.client import Database
from rosey.storage.queue import LONGEST_TITLE, kept_seconds

# Of entries at their longest an answer has to fit into a message.
PAGE = 100

# Control and half characters, which no title and no link needs.
UNFIT = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\ud800-\\udfff]")
_NAME = re.compile(r"[a-z0-9_-]{1,50}")


class NoList(ValueError):
    """A list that cannot be; says why in a sentence."""


@dataclass(frozen=True)
class Entry:
    """One thing of a list; `seconds` is 0 when unknown or live."""

    type: str
    id: str
    title: str = ""
    seconds: float = 0.0
    added_by: str = ""

    @classmethod
    def of(cls, item: Item) -> "Entry":
        """As it is kept: in one line, and cut where it is too long."""
        return cls(
            type=item.type,
            id=UNFIT.sub(" ", item.media_id),
            title=UNFIT.sub(" ", item.title)[:LONGEST_TITLE],
            seconds=kept_seconds(item.seconds),
            added_by=UNFIT.sub(" ", item.added_by)[:LONGEST_NAME],
        )

    @property
    def media(self) -> FoundMedia:
        """What can be queued of it."""
        return FoundMedia(type=self.type, id=self.id, title=self.title, seconds=self.seconds)


def list_name(text: str) -> str:
    """The name as it is kept. Raises NoList."""
    name = text.strip().lower()
    if not _NAME.fullmatch(name):
        raise NoList("A list's name has 1 to 50 letters, digits, - and _, like friday-horror.")
    return name


async def load_list(database: Database, channel: str, name: str) -> list[Entry]:
    """In their order; nothing when there is no such list, for none is empty."""
    found: list[Entry] = []
    while True:
        rows = await database.select(
            "list_items",
            {"channel": channel, "list": name},
            order=["position"],
            limit=PAGE,
            offset=len(found),
        )
        found += [_entry(row) for row in rows]
        if len(rows) < PAGE:
            return found


def _entry(row: Row) -> Entry:
    return Entry(
        type=row["media_type"],
        id=row["media_id"],
        title=row["title"],
        seconds=row["duration"],
        added_by=row["added_by"],
    )
