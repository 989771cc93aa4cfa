"""What a removed plugin has left in the database, on each kind."""

import pytest
from sqlalchemy import select

from core.database.keys import Keys
from core.database.migrations import Migrations
from core.database.own_tables import keys
from core.database.removal import drop, tables_of
from core.database.store import Store
from core.database.writes import Writer
from core.plugins import MIGRATIONS
from tests.core.database.schema import manifest


async def keep(store: Store, plugin: str) -> None:
    """A table and a key of this plugin's."""
    declared = manifest(plugin, {"places": [{"name": "town", "type": "string"}]})
    await Migrations(store, MIGRATIONS, declared).upgrade()
    part = Keys(store, Writer(store))
    await part.perform(plugin, "set", {"key": "a", "value": 1})
    await part.close()


async def test_one_plugin_s_tables_and_keys_go_and_no_other_s(store: Store) -> None:
    for plugin in ("weather", "weathers"):
        await keep(store, plugin)
    assert await tables_of(store, "weather") == ["weather_places"]
    assert await drop(store, "weather") == ["weather_places"]
    assert await tables_of(store, "weather") == []
    assert await tables_of(store, "weathers") == ["weathers_places"]
    async with store.read() as connection:
        left = (await connection.execute(select(keys.c.plugin))).scalars().all()
    assert left == ["weathers"]
    assert await drop(store, "weather") == []


@pytest.mark.parametrize("action", [tables_of, drop])
async def test_an_empty_database(store: Store, action: object) -> None:
    assert callable(action)
    assert await action(store, "weather") == []
