"""The room's memory straight on a database, for programs that have it to themselves."""

from sqlalchemy.engine import URL

from core.database.desk import Desk
from core.database.migrations import Migrations
from core.database.service import parts, prepare
from core.database.store import Store
from core.database.writes import Writer
from core.plugins import MIGRATIONS, ROOM, manifests
from rosey.storage import Database
from rosey.storage.client import Ask
from rosey.storage.room import DatabaseRoomStorage


def in_process(desk: Desk, plugin: str) -> Ask:
    """Asks the service's own desk in the name of `plugin`."""

    async def ask(kind: str, op: str, request: bytes, patience: float) -> bytes:
        return await desk.answer(kind, plugin, op, request)

    return ask


class SqlRoomStorage(DatabaseRoomStorage):
    """On the SQLite or PostgreSQL at `url`; `connect` brings its tables up to date."""

    def __init__(self, url: URL) -> None:
        self._store = Store(url)
        self._migrations = Migrations(self._store, MIGRATIONS, manifests())
        desk = Desk(parts(self._store, Writer(self._store), self._migrations))
        super().__init__(Database(in_process(desk, ROOM.name)))

    async def connect(self) -> None:
        """Raises UserError for tables of another checkout, StorageError when it is away."""
        await prepare(self._migrations)
        await super().connect()

    async def close(self) -> None:
        """Ends all connections."""
        await self._store.close()
