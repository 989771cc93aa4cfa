"""A room's media queue as it is kept: a copy of what its workflow holds, to rebuild that from."""

import math
from collections.abc import Sequence
from typing import Any

from rosey import ids
from rosey.contracts.playlist import Item
from rosey.contracts.storage import MOST_ROWS, Row
from rosey.storage.client import Database

TABLE = "queue"
LONGEST_TITLE = 255
# A picture is only an ornament: one behind a longer link is left out.
LONGEST_THUMBNAIL = 1_000
# Of items at their longest an answer has to fit into a message.
PAGE = 50


class QueueStorage:
    """The queues of all rooms, in the table `queue` of whose database is given."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save_queue(self, channel: str, items: Sequence[Item]) -> None:
        """Puts these in place of what was kept; nobody ever reads a part of either."""
        await self._database.batch(replacement(channel, items))

    async def load_queue(self, channel: str) -> list[Item]:
        """In the order in which they were saved."""
        items: list[Item] = []
        while True:
            rows = await self._database.select(
                TABLE, {"channel": channel}, order=["position"], limit=PAGE, offset=len(items)
            )
            items += [_item(row) for row in rows]
            if len(rows) < PAGE:
                return items

    async def clear_queue(self, channel: str) -> None:
        """Forgets what was kept of this room."""
        await self._database.delete(TABLE, {"channel": channel})


def replacement(channel: str, items: Sequence[Item]) -> list[dict[str, Any]]:
    """For a batch: these in place of what is kept of the room."""
    rows = [{"channel": channel, "position": n, **_row(item)} for n, item in enumerate(items)]
    gone = {"op": "delete", "table": TABLE, "filter": {"channel": channel}}
    # A statement takes so many rows; the transaction is one all the same.
    kept = [
        {"op": "insert", "table": TABLE, "values": rows[first : first + MOST_ROWS]}
        for first in range(0, len(rows), MOST_ROWS)
    ]
    return [gone, *kept]


def kept_text(text: str, longest: int | None = None) -> str:
    """As the database takes it: without NUL and half characters, and cut to `longest`."""
    return text.replace("\0", "").encode(errors="replace").decode()[:longest]


def kept_seconds(seconds: float) -> float:
    """A length of time as it is kept: 0 for what is none."""
    return seconds if 0 < seconds < math.inf else 0.0


def _row(item: Item) -> Row:
    thumbnail = kept_text(item.thumbnail)
    return {
        "item_id": item.id,
        "media_type": item.type,
        "media_id": kept_text(item.media_id),
        "title": kept_text(item.title, LONGEST_TITLE),
        "duration": kept_seconds(item.seconds),
        "live": item.live,
        "thumbnail": thumbnail if len(thumbnail) <= LONGEST_THUMBNAIL else "",
        "added_by": kept_text(item.added_by, LONGEST_TITLE),
        "added_at": item.added_at,
        "parked": item.parked,
    }


def _item(row: Row) -> Item:
    return Item(
        # A row of an earlier release has none.
        id=row["item_id"] or ids.derive("i", row["channel"], row["id"]),
        type=row["media_type"],
        media_id=row["media_id"],
        title=row["title"],
        seconds=row["duration"],
        live=row["live"],
        thumbnail=row["thumbnail"] or "",
        added_by=row["added_by"],
        added_at=row["added_at"],
        parked=row["parked"],
    )
