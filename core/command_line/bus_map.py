"""`bin/rosey bus map`: the subject map, as it stands in docs/bus.md."""

import typer

from core.authority.subject_map import table


def show() -> None:
    """Markdown, for a reader or for the document."""
    typer.echo(table(), nl=False)
