"""The playlist's tables on a real database, behind a service on which things go wrong."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete

from core.database.desk import Desk
from core.database.migrations import Migrations
from core.database.own_tables import idempotency
from core.database.room import in_process
from core.database.service import parts
from core.database.store import Store
from core.database.writes import Writer
from core.plugins import MIGRATIONS
from rosey.contracts.playlist import Item
from rosey.contracts.storage import RESERVED_FIELDS, Code, Row
from rosey.storage import Database, Unavailable

HERE = "lounge/lobby"
NOW = datetime(2026, 5, 3, 20, tzinfo=UTC)


def item(number: int = 1, by: str = "Alice", **fields: Any) -> Item:
    """The one of that number, added that many seconds after NOW; 60 s long."""
    sound: dict[str, Any] = {
        "id": f"i-{number}",
        "type": "yt",
        "media_id": f"video{number}",
        "title": f"Film {number}",
        "seconds": 60.0,
        "added_by": by,
        "added_at": NOW + timedelta(seconds=number),
    }
    return Item.model_validate(sound | fields)


class PlaylistTables:
    """`asked` are all requests. While it is `away` nobody answers; while `deaf` nobody hears it.

    The operation `break_at` of a batch, counted from 0, fails for the reason `breaks`.
    """

    def __init__(self, store: Store, migrations: Migrations) -> None:
        self._store = store
        self._ask = in_process(Desk(parts(store, Writer(store), migrations)), "playlist")
        self.client = Database(self)
        self.asked: list[dict[str, Any]] = []
        self.away = self.deaf = False
        self.break_at: int | None = None
        self.breaks = Code.VALIDATION_ERROR

    async def __call__(self, kind: str, op: str, request: bytes, patience: float) -> bytes:
        asked = {**json.loads(request), "op": op}
        self.asked.append(asked)
        if self.away:
            raise Unavailable("The database is not there.")
        broken = op == "batch" and self.break_at is not None
        if broken:
            asked["operations"][self.break_at]["table"] = "nowhere"
            request = json.dumps(asked).encode()
        answer = await self._ask(kind, op, request, patience)
        if self.deaf:
            raise Unavailable("The database did not answer in time.", Code.TIMEOUT)
        if broken:
            assert not json.loads(answer)["success"]
            problem = {"code": self.breaks, "message": "It broke."}
            answer = json.dumps({"success": False, "error": problem}).encode()
        return answer

    async def rows(self, table: str, **equal: Any) -> list[Row]:
        """Those that match, in the order of coming, without the fields that every table has."""
        request = {"table": table, "filter": equal, "limit": 1000}
        answer = json.loads(await self._ask("row", "select", json.dumps(request).encode(), 5.0))
        return [
            {name: row[name] for name in row if name not in RESERVED_FIELDS}
            for row in answer["rows"]
        ]

    async def row(self, table: str, **equal: Any) -> Row:
        """The only one."""
        (row,) = await self.rows(table, **equal)
        return row

    async def forget_keys(self) -> None:
        """As the service does a day later."""
        async with self._store.write() as connection:
            await connection.execute(delete(idempotency))


@pytest.fixture
async def tables(store: Store) -> PlaylistTables:
    """Empty ones, on each kind of database."""
    migrations = Migrations(store, MIGRATIONS, {})
    await migrations.upgrade()
    return PlaylistTables(store, migrations)
