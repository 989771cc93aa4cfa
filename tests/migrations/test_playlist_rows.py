"""What stands in the playlist's tables outlives the changes of their columns."""

from typing import Any

from sqlalchemy import text

from core.database.migrations import Migrations
from core.database.store import Store
from tests.core.database.schema import FOLDER

MEDIA = "channel, media_type, media_id, title, added_by"
VALUES = "'a/b', 'yt', 'x', 'Film', 'Alice'"
QUEUE = f"INSERT INTO playlist_queue ({MEDIA}, position, added_at) VALUES ({VALUES}, "
HISTORY = f"INSERT INTO playlist_history ({MEDIA}, played_at) VALUES ({VALUES}, {{}})"
AT = "'2026-05-03 12:00:00.000000'"


async def test_rows_go_along_up_and_down(store: Store) -> None:
    migrations = Migrations(store, FOLDER, {})
    await migrations.upgrade("playlist")
    await down(migrations, 4)
    await run(store, f"{QUEUE}0, {AT})", HISTORY.format(AT))
    before = await rows(store, "playlist_queue")
    await migrations.upgrade("playlist")
    (queued,) = await rows(store, "playlist_queue")
    assert queued == before[0] | dict.fromkeys(("item_id", "thumbnail")) | {
        "live": False,
        "parked": False,
    }
    (played,) = await rows(store, "playlist_history")
    assert (played["name_key"], played["watched_seconds"]) == ("alice", 0)
    await run(store, f"UPDATE playlist_queue SET media_id = '{'x' * 300}'")
    await down(migrations, 4)
    (again,) = await rows(store, "playlist_queue")
    assert again["media_id"].startswith("x" * 255)
    assert again | {"media_id": "x"} == before[0]


async def test_the_id_of_a_row_that_is_gone_never_comes_again(store: Store) -> None:
    """Also in a table that SQLite had to make anew."""
    await Migrations(store, FOLDER, {}).upgrade("playlist")
    await run(store, f"{QUEUE}0, {AT})", "DELETE FROM playlist_queue", f"{QUEUE}0, {AT})")
    await run(store, HISTORY.format(AT), "DELETE FROM playlist_history", HISTORY.format(AT))
    for table in ("playlist_queue", "playlist_history"):
        assert [row["id"] for row in await rows(store, table)] == [2]


async def down(migrations: Migrations, steps: int) -> None:
    for _ in range(steps):
        await migrations.downgrade("playlist")


async def run(store: Store, *statements: str) -> None:
    async with store.write() as connection:
        for each in statements:
            await connection.execute(text(each))


async def rows(store: Store, table: str) -> list[dict[str, Any]]:
    # By a new connection: PostgreSQL's know the columns that were.
    async with store.apart.connect() as connection:
        found = await connection.execute(text(f"SELECT * FROM {table} ORDER BY id"))
        return [dict(row) for row in found.mappings()]
