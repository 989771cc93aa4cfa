"""The service brings a database to what the checkout expects, or leaves it as it is."""

import asyncio
import logging
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from core.database import backups, exclusive
from core.database.exclusive import database_file
from core.database.migrations import Migrations
from core.database.problems import Refusal
from core.database.revisions import VERSION_TABLE
from core.database.store import Store
from core.errors import UserError
from core.plugins import manifests
from rosey.contracts.storage import Code
from tests.core.database.schema import FOLDER, folder, manifest, schema, write

MAKE = "columns.create_table('quote_quotes', columns.string('author'))"
DROP = "op.drop_table('quote_quotes')"
PLAYLIST = [f"playlist_{number:03}" for number in range(1, 8)]
ALL = ["core_001", *PLAYLIST, "quote_001", "trivia_001"]


def ours(store: Store) -> Migrations:
    return Migrations(store, FOLDER, manifests())


async def test_an_empty_database_gets_everything_and_only_once(store: Store) -> None:
    done = await ours(store).upgrade()
    assert (done.migrations, done.problems, done.backup) == (ALL, {}, None)
    assert {"db_kv", "core_chat", "trivia_games"} <= set(await schema(store))
    assert (await ours(store).upgrade()).migrations == []


async def test_one_owner_alone(store: Store) -> None:
    assert (await ours(store).upgrade("trivia")).migrations == ["trivia_001"]
    assert set(await schema(store)) == {"trivia_games", "trivia_players", "trivia_results"}


async def test_two_at_once_do_it_once(store: Store) -> None:
    other = Store(store.url)
    try:
        done = await asyncio.gather(ours(store).upgrade(), ours(other).upgrade())
    finally:
        await other.close()
    assert sorted(each.migrations for each in done) == [[], ALL]


async def test_who_waits_too_long_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exclusive, "TURN_SECONDS", 0.2)
    async with exclusive.exclusive(store):
        with pytest.raises(UserError, match=r"Another Rosey has been changing this database"):
            await ours(store).upgrade()
    assert await schema(store) == {}
    assert (await ours(store).upgrade()).migrations


async def test_a_database_from_the_future_is_not_touched(store: Store) -> None:
    await ours(store).upgrade()
    async with store.write() as connection:
        await connection.execute(
            text(
                f"UPDATE {VERSION_TABLE} SET version_num = 'core_999' "
                "WHERE version_num = 'core_001'"
            )
        )
    await store.close()
    before = _files(store)
    told = r"^The database holds core_999, which this checkout does not know: .* changed; use that"
    with pytest.raises(UserError, match=told):
        await ours(store).upgrade()
    with pytest.raises(UserError, match=told):
        await ours(store).downgrade("trivia")
    assert _files(store) == before
    with pytest.raises(Refusal, match="core_999"):
        await ours(store).perform("trivia", "status", {})


async def test_what_fails_leaves_everything_as_it_was(store: Store, tmp_path: Path) -> None:
    files = folder(tmp_path, "core")
    write(files, "quote", "quote_001", None, MAKE, DROP)
    await Migrations(store, files, {}).upgrade("core")
    before = await schema(store)
    write(files, "quote", "quote_002", "quote_001", "op.execute('INSERT INTO nowhere VALUES (1)')")
    with pytest.raises(UserError, match=r"^Migration quote_002 \(Number quote_002\) failed: .*now"):
        await Migrations(store, files, {}).upgrade()
    assert await schema(store) == before
    standing = await Migrations(store, files, {}).standing("quote")
    assert (standing["current"], standing["pending"]) == (None, ["quote_001", "quote_002"])


async def test_a_migration_that_is_no_good_program_is_named(store: Store, tmp_path: Path) -> None:
    files = folder(tmp_path, "core")
    write(files, "quote", "quote_001", None, "1 / 0")
    with pytest.raises(
        UserError, match=r"quote_001 .* failed: ZeroDivisionError: division by zero"
    ):
        await Migrations(store, files, {}).upgrade()
    (files / "quote" / "quote_001.py").write_text("def upgrade(:")
    with pytest.raises(UserError, match="The migrations cannot be used: SyntaxError"):
        await Migrations(store, files, {}).upgrade()
    assert await schema(store) == {}


async def test_references_must_point_at_something(store: Store, tmp_path: Path) -> None:
    files = folder(tmp_path, "core")
    two = (
        "op.execute('CREATE TABLE quote_a (b bigint PRIMARY KEY)');"
        "op.execute('CREATE TABLE quote_c (b bigint REFERENCES quote_a (b))');"
        "op.execute('INSERT INTO quote_c VALUES (1)')"
    )
    write(files, "quote", "quote_001", None, two)
    with pytest.raises(UserError, match="quote_c"):
        await Migrations(store, files, {}).upgrade("quote")
    assert await schema(store) == {}


async def test_a_database_that_goes_away_is_no_failed_migration(store: Store) -> None:
    await store.close()
    url = store.url.set(database="/dev/null/none") if store.is_sqlite else store.url.set(port=1)
    away = Store.__new__(Store)
    away.__dict__.update(store.__dict__ | {"url": url})
    with pytest.raises(Refusal) as refused:
        await ours(away).upgrade()
    assert refused.value.code is Code.UNAVAILABLE


async def test_who_holds_a_table_stops_a_change_and_not_for_ever(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exclusive, "LOCK_SECONDS", 1)
    files = folder(tmp_path, "core")
    write(files, "quote", "quote_001", None, MAKE, DROP)
    fields = [{"name": "sides", "type": "integer"}]
    await Migrations(store, files, manifest("dice", {"rolls": fields})).upgrade()
    write(files, "quote", "quote_002", "quote_001", "op.drop_column('quote_quotes', 'author')")
    more = manifest("dice", {"rolls": [*fields, {"name": "who", "type": "string"}]})
    for held, owner in (("quote_quotes", "quote"), ("dice_rolls", "dice")):
        async with store.write() as connection:
            take = f"LOCK TABLE {held}" if not store.is_sqlite else f"DELETE FROM {held}"
            await connection.execute(text(take))
            with pytest.raises(Refusal) as refused:
                await Migrations(store, files, more).upgrade(owner)
            assert refused.value.code is Code.UNAVAILABLE
    done = await Migrations(store, files, more).upgrade()
    assert (done.migrations, done.declared) == (["quote_002"], ["column dice_rolls.who"])


async def test_down_takes_one_step_and_up_brings_it_back(store: Store, tmp_path: Path) -> None:
    files = folder(tmp_path, "core")
    write(files, "quote", "quote_001", None, MAKE, DROP)
    more = "op.add_column('quote_quotes', columns.count('score'))"
    less = "with op.batch_alter_table('quote_quotes') as b:\n        b.drop_column('score')"
    write(files, "quote", "quote_002", "quote_001", more, less)
    await Migrations(store, files, {}).upgrade()
    whole = await schema(store)
    for revision in ("quote_002", "quote_001"):
        assert (await Migrations(store, files, {}).downgrade("quote")).migrations == [revision]
    assert (await Migrations(store, files, {}).downgrade("quote")).migrations == []
    assert "quote_quotes" not in await schema(store)
    await Migrations(store, files, {}).upgrade()
    assert await schema(store) == whole


async def test_two_branches_of_one_owner_both_come_and_are_joined(
    store: Store, tmp_path: Path
) -> None:
    files = folder(tmp_path, "core")
    write(files, "quote", "quote_001", None, MAKE, DROP)
    write(
        files,
        "quote",
        "quote_a",
        "quote_001",
        "op.create_index('qa', 'quote_quotes', ['id'])",
        "op.drop_index('qa')",
    )
    write(
        files,
        "quote",
        "quote_b",
        "quote_001",
        "op.create_index('qb', 'quote_quotes', ['id'])",
        "op.drop_index('qb')",
    )
    migrations = Migrations(store, files, {})
    await migrations.upgrade()
    assert (await migrations.standing("quote"))["current"] == "quote_a, quote_b"
    with pytest.raises(UserError, match=r"quote has 2 newest .* bin/rosey db merge quote"):
        await migrations.downgrade("quote")
    write(files, "quote", "quote_m", ("quote_a", "quote_b"))
    migrations = Migrations(store, files, {})
    assert (await migrations.upgrade()).migrations == ["quote_m"]
    assert (await migrations.standing("quote"))["current"] == "quote_m"
    await migrations.downgrade("quote")
    assert (await migrations.standing("quote"))["current"] == "quote_a, quote_b"
    assert (await migrations.upgrade()).migrations == ["quote_m"]


async def test_the_migrations_of_one_who_does_not_ask_never_run(
    store: Store, tmp_path: Path
) -> None:
    files = folder(tmp_path, "core")
    (files / "dice").mkdir()
    (files / "dice" / "dice_001.py").write_text("raise SystemExit('it ran')")
    asked = manifest("dice", {"rolls": [{"name": "sides", "type": "integer"}]})
    assert "dice" not in Migrations(store, files, asked).revisions.owners
    assert (await Migrations(store, files, asked).upgrade()).declared == ["table dice_rolls"]


async def test_migrations_that_are_asked_for_must_be_there(store: Store) -> None:
    migrations = Migrations(store, FOLDER, manifest("weather", migrations=True))
    told = "plugin.toml says migrations = true, but there are none in migrations/weather."
    assert (await migrations.upgrade()).problems == {"weather": told}
    assert (await migrations.standing("weather"))["problem"] == told
    assert migrations.names == ["core", "playlist", "quote", "trivia", "weather"]


async def test_status_is_all_that_is_done_over_the_bus(store: Store) -> None:
    migrations = ours(store)
    assert await migrations.perform("trivia", "status", {}) == {
        "current": None,
        "head": "trivia_001",
        "pending": ["trivia_001"],
        "tables": [],
        "problem": None,
    }
    await migrations.upgrade()
    assert await migrations.perform("trivia", "status", {}) == {
        "current": "trivia_001",
        "head": "trivia_001",
        "pending": [],
        "tables": ["games", "players", "results"],
        "problem": None,
    }
    nothing = await migrations.perform("dice", "status", {})
    assert (nothing["current"], nothing["tables"]) == (None, [])
    for op in ("upgrade", "downgrade", "sing"):
        with pytest.raises(Refusal) as refused:
            await migrations.perform("trivia", op, {})
        assert refused.value.code is Code.PERMISSION_DENIED


@pytest.fixture
def file(tmp_path: Path) -> Store:
    return Store(make_url(f"sqlite+aiosqlite:///{tmp_path / 'rosey.db'}"))


async def test_a_file_is_copied_before_it_changes(file: Store) -> None:
    await ours(file).upgrade()
    async with file.write() as connection:
        await connection.execute(
            text(
                "INSERT INTO trivia_games (game, channel, finished_at) "
                "VALUES ('g', 'lounge/lobby', '2025-01-01')"
            )
        )
    down = await ours(file).downgrade("trivia")
    up = await ours(file).upgrade()
    await file.close()
    folder = database_file(file).parent
    assert down.backup == folder / "rosey.db.before-downgrade-trivia_001"
    assert up.backup == folder / "rosey.db.before-trivia_001"
    # A copy takes the place of the database as it is.
    before = Store(make_url(f"sqlite+aiosqlite:///{down.backup}"))
    assert (await ours(before).standing("trivia"))["current"] == "trivia_001"
    async with before.read() as connection:
        assert (await connection.execute(text("SELECT game FROM trivia_games"))).scalar() == "g"
    await before.close()
    assert not (await ours(file).upgrade()).backup


async def test_looking_makes_no_file(file: Store) -> None:
    assert (await ours(file).standing("core"))["pending"] == ["core_001"]
    assert not database_file(file).exists()


async def test_without_a_copy_nothing_changes(file: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    await ours(file).upgrade("core")

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(backups, "back_up", full)
    with pytest.raises(UserError, match=r"could not be copied .*: database or disk is full\."):
        await ours(file).upgrade()
    assert "trivia_games" not in await schema(file)
    await file.close()


async def test_a_plugin_that_is_refused_is_logged(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    long = manifest("weather", {"x" * 80: [{"name": "a", "type": "text"}]})
    with caplog.at_level(logging.WARNING, "core.database"):
        done = await Migrations(store, FOLDER, long).upgrade("weather")
    assert "has 88 characters and a database takes 63" in done.problems["weather"]
    assert "the tables of weather stay as they are: weather_xxx" in caplog.text


def _files(store: Store) -> dict[str, bytes]:
    if not store.is_sqlite:
        return {}
    kept = database_file(store).parent.glob("test.db*")
    return {path.name: path.read_bytes() for path in kept if path.suffix != ".lock"}
