"""`bin/rosey bus acl`: what each process may do on the bus."""

from pathlib import Path

from rich.console import Console
from rich.table import Table

from core import config as configuration
from core.authority.rights import Rights, everybody
from core.authority.words import may, who
from core.errors import UnknownName, UserError
from rosey.manifest import ManifestError


def show(data: Path, config: Path | None, name: str | None) -> None:
    """Of all, or of one plugin, connection or other name. Raises UnknownName."""
    try:
        everyone = everybody(configuration.load(data, config), data)
    except ManifestError as problem:
        raise UserError(str(problem)) from None
    console = Console(highlight=False)
    for rights in _chosen(everyone, name):
        console.print(_table(rights))


def _chosen(everyone: list[Rights], name: str | None) -> list[Rights]:
    if name is None:
        return everyone
    short = {rights.name.partition("-")[2]: rights for rights in everyone}
    full = {rights.name: rights for rights in everyone}
    try:
        return [(short | full)[name]]
    except KeyError:
        raise UnknownName("name on the bus", name, short) from None


def _table(rights: Rights) -> Table:
    table = Table(title=f"{rights.name}: {who(rights)}", title_justify="left", box=None)
    table.add_column("what", overflow="fold")
    table.add_column("subject", overflow="fold", style="dim")
    for words, subject in may(rights):
        table.add_row(words, subject)
    return table
