"""What a database looks like, and folders of migrations to try things with."""

import shutil
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect

from core.database.revisions import VERSION_TABLE
from core.database.store import Store
from core.plugins import CHECKOUT
from rosey.manifest import PluginManifest

FOLDER = CHECKOUT / "migrations"


async def schema(store: Store) -> dict[str, Any]:
    """Tables with columns, keys and indexes; the one of revisions is left out."""
    async with store.read() as connection:
        return await connection.run_sync(schema_of)


def schema_of(connection: Connection) -> dict[str, Any]:
    look = inspect(connection)
    return {
        name: {
            "columns": {
                each["name"]: (str(each["type"]), each["nullable"], each["default"])
                for each in look.get_columns(name)
            },
            "key": look.get_pk_constraint(name)["constrained_columns"],
            "unique": sorted(each["column_names"] for each in look.get_unique_constraints(name)),
            "indexes": {each["name"]: each["column_names"] for each in look.get_indexes(name)},
        }
        for name in look.get_table_names()
        if name != VERSION_TABLE
    }


def folder(tmp_path: Path, *owners: str) -> Path:
    """A copy of the checkout's migrations, of these owners only."""
    copy = tmp_path / "migrations"
    copy.mkdir()
    for name in ("env.py", "script.py.mako"):
        shutil.copy(FOLDER / name, copy)
    for owner in owners:
        shutil.copytree(FOLDER / owner, copy / owner, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def write(
    folder: Path,
    owner: str,
    revision: str,
    below: str | tuple[str, ...] | None,
    up: str = "pass",
    down: str = "pass",
) -> None:
    """A migration of a line or two."""
    (folder / owner).mkdir(exist_ok=True)
    label = (owner,) if below is None else None
    (folder / owner / f"{revision}.py").write_text(
        f'"""Number {revision}"""\n'
        "from alembic import op\n"
        "from migrations import columns\n"
        f"revision, down_revision, branch_labels = {revision!r}, {below!r}, {label!r}\n"
        f"def upgrade():\n    {up}\n"
        f"def downgrade():\n    {down}\n"
    )


def manifest(
    name: str,
    tables: dict[str, list[dict[str, Any]]] | None = None,
    migrations: bool = False,
) -> dict[str, PluginManifest]:
    """A plugin that keeps something."""
    declared = {each: {"fields": fields} for each, fields in (tables or {}).items()}
    table = {
        "name": name,
        "version": "1.0.0",
        "summary": "For a test",
        "entry": "plugins.none:plugin",
        "trust": "trusted" if migrations else "untrusted",
        "storage": {"tables": declared, "migrations": migrations},
    }
    return {name: PluginManifest.model_validate(table)}
