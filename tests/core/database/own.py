"""The service's own tables, without anybody's migrations."""

from core.database.own_tables import own
from core.database.store import Store


async def prepare(store: Store) -> None:
    """Does nothing where they are. Raises Refusal."""
    async with store.write() as connection:
        await connection.run_sync(own.create_all)
