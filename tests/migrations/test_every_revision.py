"""Each migration of each owner: up, down, up again; and what tables come of it."""

from typing import Any

import pytest
from sqlalchemy import Connection, MetaData, text

from core.database.exclusive import exclusive
from core.database.migrations import Migrations, scratch_differences
from core.database.revisions import Revisions
from core.database.shapes import kind_of
from core.database.store import Store
from core.plugins import manifests
from rosey.contracts.storage import RESERVED_FIELDS
from tests.core.database.schema import FOLDER, schema, schema_of

REVISIONS = Revisions(FOLDER, manifests())
EXPECTED = {
    "core_chat": {
        "message_id": "string!",
        "channel": "string!",
        "username": "string!",
        "text": "text!",
        "sent_at": "datetime!",
        "own": "boolean!",
    },
    "core_users": {
        "channel": "string!",
        "username": "string!",
        "name_key": "string!",
        "first_seen": "datetime",
        "last_seen": "datetime",
        "lines": "integer!",
        "seconds_connected": "float!",
        "online_since": "datetime",
    },
    "core_actions": {
        "action_id": "string!",
        "channel": "string!",
        "username": "string",
        "kind": "string!",
        "detail": "text",
        "at": "datetime!",
    },
    "core_channels": {
        "channel": "string!",
        "peak_users": "integer!",
        "peak_at": "datetime",
        "users": "integer!",
        "users_at": "datetime",
        "lines": "integer!",
    },
    "core_user_counts": {"channel": "string!", "at": "datetime!", "users": "integer!"},
    "core_outbound": {
        "action_id": "string!",
        "channel": "string!",
        "kind": "string!",
        "text": "text",
        "sent_at": "datetime",
        "at": "datetime!",
    },
    "core_cursors": {"name": "string!", "position": "integer!", "detail": "string"},
    "trivia_games": {
        "game": "string!",
        "channel": "string!",
        "category": "string",
        "questions": "integer!",
        "stopped": "boolean!",
        "players": "integer!",
        "winner": "string",
        "finished_at": "datetime!",
    },
    "trivia_results": {
        "game": "string!",
        "channel": "string!",
        "username": "string!",
        "name_key": "string!",
        "place": "integer!",
        "score": "integer!",
        "correct": "integer!",
        "answered": "integer!",
        "best_streak": "integer!",
        "fastest": "float",
    },
    "trivia_players": {
        "channel": "string!",
        "username": "string!",
        "name_key": "string!",
        "games": "integer!",
        "wins": "integer!",
        "score": "integer!",
        "correct": "integer!",
        "answered": "integer!",
        "best_streak": "integer!",
        "best_score": "integer!",
        "fastest": "float",
        "last_played": "datetime",
    },
    "quote_quotes": {
        "channel": "string!",
        "text": "text!",
        "author": "string!",
        "added_by": "string!",
        "name_key": "string!",
        "added_at": "datetime!",
        "score": "integer!",
    },
    "quote_votes": {
        "quote_id": "integer!",
        "channel": "string!",
        "username": "string!",
        "name_key": "string!",
    },
    "playlist_queue": {
        "channel": "string!",
        "position": "integer!",
        "media_type": "string!",
        "media_id": "text!",
        "title": "string!",
        "duration": "float!",
        "added_by": "string!",
        "added_at": "datetime!",
        "item_id": "string",
        "thumbnail": "text",
        "live": "boolean!",
        "parked": "boolean!",
    },
    "playlist_history": {
        "channel": "string!",
        "media_type": "string!",
        "media_id": "text!",
        "title": "string!",
        "duration": "float!",
        "added_by": "string!",
        "played_at": "datetime!",
        "play_duration": "float!",
        "skipped": "boolean!",
        "item_id": "string",
        "name_key": "string",
        "watched_seconds": "float!",
    },
    "playlist_user_stats": {
        "user_id": "string!",
        "items_added": "integer!",
        "items_played": "integer!",
        "items_skipped": "integer!",
        "total_duration_added": "float!",
        "total_duration_played": "float!",
        "last_add": "datetime",
    },
    "playlist_room_stats": {
        "channel": "string!",
        "user_id": "string!",
        "username": "string!",
        "items_added": "integer!",
        "items_played": "integer!",
        "items_skipped": "integer!",
        "total_duration_added": "float!",
        "total_duration_played": "float!",
        "last_add": "datetime",
    },
    "playlist_lists": {
        "channel": "string!",
        "name": "string!",
        "owner": "string!",
        "name_key": "string!",
        "items": "integer!",
        "saved_at": "datetime!",
    },
    "playlist_list_items": {
        "channel": "string!",
        "list": "string!",
        "position": "integer!",
        "media_type": "string!",
        "media_id": "text!",
        "title": "string!",
        "duration": "float!",
        "added_by": "string!",
        "name_key": "string!",
    },
    "playlist_changes": {"change_id": "string!", "channel": "string!", "at": "datetime!"},
}
UNIQUE = {
    "core_chat": ["message_id"],
    "core_users": ["channel", "name_key"],
    "core_actions": ["action_id"],
    "core_channels": ["channel"],
    "core_user_counts": ["channel", "at"],
    "core_outbound": ["action_id"],
    "core_cursors": ["name"],
    "trivia_games": ["game"],
    "trivia_results": ["game", "name_key"],
    "trivia_players": ["channel", "name_key"],
    "quote_votes": ["quote_id", "name_key"],
    "playlist_queue": ["channel", "position"],
    "playlist_user_stats": ["user_id"],
    "playlist_room_stats": ["channel", "user_id"],
    "playlist_lists": ["channel", "name"],
    "playlist_list_items": ["channel", "list", "position"],
    "playlist_changes": ["change_id"],
}
INDEXES = {
    "core_chat": [["channel", "sent_at"]],
    "core_users": [["channel", "lines"]],
    "core_actions": [["channel", "at"]],
    "trivia_players": [["channel", "score"]],
    "quote_quotes": [["channel", "score"]],
    "playlist_queue": [["channel"]],
    "playlist_history": [
        ["added_by"],
        ["channel"],
        ["channel", "played_at"],
        ["name_key", "played_at"],
    ],
    "playlist_changes": [["channel", "at"]],
}


@pytest.mark.parametrize("owner", REVISIONS.owners)
async def test_each_revision_goes_up_down_and_up_again(store: Store, owner: str) -> None:
    steps = REVISIONS.up([], [owner])
    assert [step.revision.revision for step in steps] == [
        each.id for each in reversed(REVISIONS.history(owner))
    ]
    for step in steps:
        before = await schema(store)
        await _once(store, lambda connection, step=step: REVISIONS.run(connection, [step]))
        after = await schema(store)
        await _once(store, lambda connection: _down(connection, owner))
        assert await schema(store) == before
        await _once(store, lambda connection, step=step: REVISIONS.run(connection, [step]))
        assert await schema(store) == after != before
    for _ in steps:
        await _once(store, lambda connection: _down(connection, owner))
    assert await schema(store) == {}


async def test_the_services_own_tables_are_as_its_code_has_them(store: Store) -> None:
    migrations = Migrations(store, FOLDER, {})
    await migrations.upgrade("core")
    assert await migrations.differences() == []
    async with store.write() as connection:
        await connection.execute(text("ALTER TABLE db_kv ADD COLUMN more integer"))
        await connection.execute(text("DROP INDEX db_audit_at"))
    told = await migrations.differences()
    assert len(told) == 2
    assert any("more" in each for each in told)
    assert any("db_audit_at" in each for each in told)


async def test_the_files_and_the_code_agree() -> None:
    assert REVISIONS.faults() == []
    assert await scratch_differences(FOLDER) == []


async def test_the_tables_are_these(store: Store) -> None:
    await Migrations(store, FOLDER, manifests()).upgrade()
    found = await schema(store)
    assert {name for name in found if not name.startswith("db_")} == set(EXPECTED)
    async with store.read() as connection:
        kinds = await connection.run_sync(_kinds)
    assert {name: kinds[name] for name in EXPECTED} == EXPECTED
    for name in EXPECTED:
        assert found[name]["key"] == ["id"]
        unique = [UNIQUE[name]] if name in UNIQUE else []
        assert found[name]["unique"] == unique
        ours = sorted(each for each in found[name]["indexes"].values() if each not in unique)
        assert ours == INDEXES.get(name, [])


async def test_numbers_start_from_zero_and_times_from_now(store: Store) -> None:
    await Migrations(store, FOLDER, manifests()).upgrade()
    named = {
        "core_users": "channel, username, name_key",
        "core_channels": "channel",
        "core_cursors": "name",
        "trivia_players": "channel, username, name_key",
    }
    for table, columns in named.items():
        values = ", ".join(["'a'"] * len(columns.split(",")))
        async with store.write() as connection:
            await connection.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({values})"))
            row = (await connection.execute(text(f"SELECT * FROM {table}"))).mappings().one()
            empty = {name for name, kind in EXPECTED[table].items() if not kind.endswith("!")}
            assert {name for name, value in row.items() if value is None} == empty
            assert row["id"] == 1
            now = text(f"SELECT count(*) FROM {table} WHERE created_at <= CURRENT_TIMESTAMP")
            assert store.is_sqlite or (await connection.execute(now)).scalar() == 1


async def test_the_id_of_a_row_that_is_gone_never_comes_again(store: Store) -> None:
    await Migrations(store, FOLDER, {}).upgrade("core")
    insert = text("INSERT INTO core_channels (channel) VALUES ('a')")
    async with store.write() as connection:
        await connection.execute(insert)
        await connection.execute(text("DELETE FROM core_channels"))
        await connection.execute(insert)
        assert (await connection.execute(text("SELECT id FROM core_channels"))).scalar() == 2


async def _once(store: Store, work: Any) -> None:
    async with exclusive(store) as connection, connection.begin():
        await connection.run_sync(work)


def _down(connection: Connection, owner: str) -> None:
    steps = REVISIONS.down(REVISIONS.current(connection), owner)
    assert len(steps) == 1
    before = schema_of(connection)
    REVISIONS.run(connection, steps)
    assert schema_of(connection) != before


def _kinds(connection: Connection) -> dict[str, dict[str, str]]:
    tables = MetaData()
    tables.reflect(connection)
    return {
        table.name: {
            column.name: str(kind_of(column.type)) + ("" if column.nullable else "!")
            for column in table.columns
            if column.name not in RESERVED_FIELDS
        }
        for table in tables.sorted_tables
    }
