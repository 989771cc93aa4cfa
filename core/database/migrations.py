"""Brings a database to what this checkout expects: migrations, then declared tables."""

import asyncio
import logging
import sqlite3
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.runtime.migration import RevisionStep
from sqlalchemy import Connection, create_engine, inspect
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.schema import SchemaItem

from core.database import backups, declared
from core.database.exclusive import database_file, exclusive
from core.database.own_tables import own
from core.database.problems import Refusal, refusal
from core.database.revisions import CORE, Revisions, reason
from core.database.store import FILE_NAME, Store
from core.errors import UserError
from rosey.contracts.storage import Code
from rosey.manifest import PluginManifest

log = logging.getLogger("core.database")


@dataclass
class Outcome:
    """What was done: ids of migrations, words for declared tables, why a plugin's stay behind."""

    migrations: list[str] = field(default_factory=list)
    declared: list[str] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)
    backup: Path | None = None


class Migrations:
    """What the tables in `store` are and should be: `folder` is the checkout's `migrations`."""

    def __init__(self, store: Store, folder: Path, manifests: dict[str, PluginManifest]) -> None:
        self.store = store
        self.manifests = manifests
        self.revisions = Revisions(folder, manifests)
        # Whoever remembers what tables look like puts here how to forget it.
        self.tables_changed: Callable[[], None] = lambda: None

    @property
    def names(self) -> list[str]:
        """Whose tables these are: owners of migrations, then plugins that declare theirs."""
        asked = [name for name, each in self.manifests.items() if each.storage.has_tables]
        return list(dict.fromkeys([*self.revisions.owners, *asked]))

    async def upgrade(self, owner: str | None = None) -> Outcome:
        """Everything to its newest, or what is `owner`'s; a SQLite file is copied first.

        Raises UserError when a migration fails or the database is from the future, Refusal when
        the database does not answer; the migrations are then as they were before.
        """
        outcome = Outcome()
        async with exclusive(self.store) as connection:
            await self._migrate(connection, outcome, owner)
            for plugin in [owner] if owner else list(self.manifests):
                await self._declare(connection, outcome, plugin)
        return outcome

    async def downgrade(self, owner: str) -> Outcome:
        """Takes back the newest migration of `owner`. Raises as `upgrade` does."""
        self.revisions.owner(owner)
        outcome = Outcome()
        async with exclusive(self.store) as connection, connection.begin():
            current = await connection.run_sync(self.revisions.current)
            steps = self.revisions.down(current, owner)
            await self._run(connection, outcome, steps, "downgrade-")
        return outcome

    async def _migrate(
        self, connection: AsyncConnection, outcome: Outcome, owner: str | None
    ) -> None:
        # One transaction for all: what was looked at is still so when it is changed.
        async with connection.begin():
            current = await connection.run_sync(self.revisions.current)
            owners = self.revisions.owners if owner is None else [owner]
            steps = self.revisions.up(current, [each for each in owners if self._migrates(each)])
            await self._run(connection, outcome, steps)

    def _migrates(self, owner: str) -> bool:
        return owner in self.revisions.owners

    async def _run(
        self,
        connection: AsyncConnection,
        outcome: Outcome,
        steps: list[RevisionStep],
        kind: str = "",
    ) -> None:
        if not steps:
            return
        if self.store.is_sqlite:
            outcome.backup = await self._back_up(f"{kind}{steps[0].revision.revision}")
        await connection.run_sync(self.revisions.run, steps)
        if self.store.is_sqlite:
            await _check_references(connection)
        outcome.migrations = [step.revision.revision for step in steps]

    async def _back_up(self, revision: str) -> Path | None:
        try:
            return await asyncio.to_thread(backups.back_up, database_file(self.store), revision)
        except (sqlite3.Error, OSError) as problem:
            raise UserError(
                f"The database could not be copied before its tables change: {problem}. "
                "Nothing was changed."
            ) from problem

    async def _declare(self, connection: AsyncConnection, outcome: Outcome, plugin: str) -> None:
        """All of one plugin or nothing; its trouble is no other plugin's."""
        manifest = self.manifests.get(plugin)
        if manifest is None:
            return
        if lack := self._without(plugin):
            outcome.problems[plugin] = lack
            return
        try:
            async with connection.begin():
                outcome.declared += await connection.run_sync(_declare, manifest)
        except (Refusal, DBAPIError) as problem:
            ours = refusal(problem)
            if ours is not None and ours.code is Code.UNAVAILABLE:
                raise
            outcome.problems[plugin] = str(ours or reason(problem))
            log.warning("the tables of %s stay as they are: %s", plugin, outcome.problems[plugin])

    def _without(self, plugin: str) -> str | None:
        manifest = self.manifests.get(plugin)
        if manifest is None or not manifest.storage.migrations or self._migrates(plugin):
            return None
        return f"plugin.toml says migrations = true, but there are none in migrations/{plugin}."

    async def standing(self, owner: str) -> dict[str, Any]:
        """`current`, `head`, `pending` and `tables` of one owner, `problem` if it has one.

        Raises UserError for a database from the future, Refusal when it does not answer.
        """
        if self.store.is_sqlite and not database_file(self.store).exists():
            # Looking makes no file: one that is not there is an empty database.
            with create_engine("sqlite://").connect() as nothing:
                return self._standing(nothing, owner)
        async with self.store.read() as connection:
            return await connection.run_sync(self._standing, owner)

    def _standing(self, connection: Connection, owner: str) -> dict[str, Any]:
        current = self.revisions.current(connection)
        mine, heads, pending = [], [], []
        if self._migrates(owner):
            mine, heads = self.revisions.of(owner, current), self.revisions.heads(owner)
            pending = [step.revision.revision for step in self.revisions.up(current, [owner])]
        problem, manifest = self._without(owner), self.manifests.get(owner)
        if manifest is not None:
            try:
                pending += [str(step) for step in _missing(connection, manifest)]
            except Refusal as refused:
                problem = str(refused)
        return {
            "current": ", ".join(mine) or None,
            "head": ", ".join(heads) or None,
            "pending": pending,
            "tables": _tables(connection, owner),
            "problem": problem,
        }

    async def perform(self, plugin: str, op: str, request: dict[str, Any]) -> dict[str, Any]:
        """`db.migrate.<plugin>.status`; nothing else is done over the bus. Raises Refusal."""
        if op != "status":
            raise Refusal(
                Code.PERMISSION_DENIED,
                "Tables change when the service starts, or by bin/rosey db; here is only status.",
            )
        try:
            return await self.standing(plugin)
        except UserError as problem:
            raise Refusal(Code.UNAVAILABLE, str(problem)) from problem

    async def differences(self) -> list[str]:
        """Where the service's own tables are not as its code has them, a sentence each."""
        async with self.store.read() as connection:
            return await connection.run_sync(_differences)


async def scratch_differences(folder: Path) -> list[str]:
    """The same of a new database that the migrations in `folder` make."""
    with tempfile.TemporaryDirectory() as place:
        url = URL.create("sqlite+aiosqlite", database=str(Path(place) / FILE_NAME))
        store = Store(url)
        try:
            migrations = Migrations(store, folder, {})
            await migrations.upgrade(CORE)
            return await migrations.differences()
        finally:
            await store.close()


def _missing(connection: Connection, manifest: PluginManifest) -> list[declared.Step]:
    return declared.missing(connection, manifest.name, manifest.storage.tables)


def _declare(connection: Connection, manifest: PluginManifest) -> list[str]:
    steps = _missing(connection, manifest)
    for step in steps:
        step.make(connection)
    return [str(step) for step in steps]


def _tables(connection: Connection, owner: str) -> list[str]:
    prefix = f"{owner}_"
    names = sorted(inspect(connection).get_table_names())
    return [name.removeprefix(prefix) for name in names if name.startswith(prefix)]


def _differences(connection: Connection) -> list[str]:
    context = MigrationContext.configure(
        connection, opts={"include_object": _is_own, "compare_type": True}
    )
    return [
        f"The service's own tables are not as own_tables.py has them: {each}."
        for each in compare_metadata(context, own)
    ]


def _is_own(item: SchemaItem, name: str | None, kind: str, reflected: bool, other: Any) -> bool:
    return kind != "table" or name in own.tables


async def _check_references(connection: AsyncConnection) -> None:
    broken = (await connection.exec_driver_sql("PRAGMA foreign_key_check")).mappings().first()
    if broken:
        raise UserError(
            f"A migration would leave rows of {broken['table']} that point at nothing in "
            f"{broken['parent']}. Nothing of it was kept."
        )
