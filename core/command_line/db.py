"""What the commands of `db` do."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import typer

from core.database.migrations import Migrations, Outcome, scratch_differences
from core.database.problems import Refusal
from core.database.revisions import CORE, Revisions
from core.database.store import Store, address
from core.errors import UnknownName, UserError
from core.plugins import MIGRATIONS, manifests
from core.runtime import held

Result = TypeVar("Result")


def upgrade(data: Path, plugin: str | None) -> None:
    """Says what was done. Raises UserError when something could not be."""
    outcome = _on_database(data, lambda migrations: migrations.upgrade(_named(migrations, plugin)))
    _say_backup(outcome)
    for words in [*outcome.migrations, *outcome.declared]:
        typer.echo(f"{words}: done")
    _refuse([f"{name}: {problem}" for name, problem in outcome.problems.items()])
    if not outcome.migrations and not outcome.declared:
        typer.echo("Everything was at its newest.")


def downgrade(data: Path, plugin: str) -> None:
    """Says what was taken back. Raises UserError."""
    if held(data):
        raise UserError(
            f"Rosey is running on {data}; stop it with bin/rosey down before tables go away."
        )
    outcome = _on_database(data, lambda migrations: migrations.downgrade(plugin))
    _say_backup(outcome)
    for words in outcome.migrations:
        typer.echo(f"{words}: taken back")
    if not outcome.migrations:
        typer.echo(f"Nothing of {plugin} is in the database.")


def current(data: Path, plugin: str | None) -> None:
    """A line for each owner."""

    async def ask(migrations: Migrations) -> None:
        for name in _names(migrations, plugin):
            typer.echo(f"{name}: {_in_words(await migrations.standing(name))}")

    _on_database(data, ask)


def history(plugin: str | None) -> None:
    """A line for each file."""
    revisions = Revisions(MIGRATIONS, manifests())
    for owner in [revisions.owner(plugin)] if plugin else revisions.owners:
        for each in revisions.history(owner):
            newest = " (newest)" if each.id in revisions.heads(owner) else ""
            typer.echo(f"{each.id}: {each.words}{newest}")


def check(data: Path, plugin: str | None) -> None:
    """Raises UserError that names all that does not fit."""

    async def look(migrations: Migrations) -> list[str]:
        found = migrations.revisions.faults() + await scratch_differences(MIGRATIONS)
        for name in _names(migrations, plugin):
            standing = await migrations.standing(name)
            if standing["pending"] or standing["problem"]:
                found.append(f"{name}: {_in_words(standing)}")
            elif name == CORE:
                found += await migrations.differences()
        return found

    _refuse(_on_database(data, look))
    typer.echo("Everything is at its newest.")


def revision(plugin: str, message: str) -> None:
    """Names the new file."""
    made = Revisions(MIGRATIONS, manifests()).make(plugin, message)
    typer.echo(f"{made} is new; write its upgrade and downgrade.")


def merge(plugin: str | None, message: str) -> None:
    """Names each new file."""
    revisions = Revisions(MIGRATIONS, manifests())
    owners = [revisions.owner(plugin)] if plugin else revisions.owners
    made = [file for owner in owners if (file := revisions.merge(owner, message))]
    for file in made:
        typer.echo(f"{file} is new and joins them.")
    if not made:
        typer.echo("There is nothing to join.")


def _on_database(data: Path, action: Callable[[Migrations], Awaitable[Result]]) -> Result:
    async def run() -> Result:
        store = Store(address(data))
        try:
            return await action(Migrations(store, MIGRATIONS, manifests(data)))
        except Refusal as refused:
            raise UserError(str(refused)) from refused
        finally:
            await store.close()

    return asyncio.run(run())


def _named(migrations: Migrations, plugin: str | None) -> str | None:
    if plugin is not None and plugin not in migrations.names:
        raise UnknownName("plugin with tables", plugin, migrations.names)
    return plugin


def _names(migrations: Migrations, plugin: str | None) -> list[str]:
    named = _named(migrations, plugin)
    return [named] if named else migrations.names


def _in_words(standing: dict[str, Any]) -> str:
    parts = []
    if standing["head"]:
        parts.append(f"at {standing['current'] or 'nothing'}")
    elif standing["tables"]:
        parts.append(f"has {', '.join(standing['tables'])}")
    if standing["pending"]:
        parts.append(f"to come: {', '.join(standing['pending'])}")
    if standing["problem"]:
        parts.append(standing["problem"])
    elif not standing["pending"]:
        parts.append("newest")
    return "; ".join(parts)


def _say_backup(outcome: Outcome) -> None:
    if outcome.backup:
        typer.echo(f"The database as it was is kept in {outcome.backup}.")


def _refuse(problems: list[str]) -> None:
    if problems:
        raise UserError("\n".join(problems))


def contract() -> None:
    """As it stands in docs/storage.md."""
    from core.database.contract import markdown

    typer.echo(markdown(), nl=False)
