"""A room's media queue as it is kept: a copy of what its workflow holds, to rebuild that from."""

from collections.abc import Sequence

from pydantic import AwareDatetime, BaseModel, ConfigDict

from rosey.contracts.storage import MOST_ROWS
from rosey.storage.client import Database

TABLE = "queue"


class QueueItem(BaseModel):
    """One thing that waits to be played; `duration` in seconds, 0 for live media."""

    model_config = ConfigDict(extra="ignore")
    media_type: str
    media_id: str
    title: str
    duration: float = 0.0
    added_by: str
    added_at: AwareDatetime


class QueueStorage:
    """The queues of all rooms, in the table `queue` of whose database is given."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save_queue(self, channel: str, items: Sequence[QueueItem]) -> None:
        """Puts these in place of what was kept; nobody ever reads a part of either."""
        rows = [
            {"channel": channel, "position": position, **item.model_dump(mode="json")}
            for position, item in enumerate(items)
        ]
        gone = {"op": "delete", "table": TABLE, "filter": {"channel": channel}}
        # A statement takes so many rows; the transaction is one all the same.
        kept = [
            {"op": "insert", "table": TABLE, "values": rows[first : first + MOST_ROWS]}
            for first in range(0, len(rows), MOST_ROWS)
        ]
        await self._database.batch([gone, *kept])

    async def load_queue(self, channel: str) -> list[QueueItem]:
        """In the order in which they were saved."""
        items: list[QueueItem] = []
        while True:
            rows = await self._database.select(
                TABLE,
                {"channel": channel},
                order=["position"],
                limit=MOST_ROWS,
                offset=len(items),
            )
            items += [QueueItem.model_validate(row) for row in rows]
            if len(rows) < MOST_ROWS:
                return items

    async def clear_queue(self, channel: str) -> None:
        """Forgets what was kept of this room."""
        await self._database.delete(TABLE, {"channel": channel})
