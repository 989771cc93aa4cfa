"""`bus dead`: the messages that were set aside, shown and sent again by an operator."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer

from core import dead_letters
from core.command_line.operator import as_operator
from core.dead_letters import DeadLetter, visible
from core.errors import UserError
from rosey.times import duration_words


class UsageError(UserError):
    """What was typed asks for nothing, or for two things."""

    exit_code = 2


def show_all(data: Path, file: Path | None, as_json: bool) -> None:
    """A table, or JSON for programs; the oldest first."""
    letters = as_operator(data, file, dead_letters.find_all)
    now = datetime.now(UTC)
    if as_json:
        typer.echo(json.dumps([_table(letter, now) for letter in letters], indent=2))
    elif not letters:
        typer.echo("There are no dead letters.")
    else:
        _print(letters, now)


def show(data: Path, file: Path | None, number: int, as_json: bool) -> None:
    """One whole: headers, and the body as pretty JSON if it is JSON."""
    letter = as_operator(data, file, lambda bus: dead_letters.find(bus, number))
    about = _table(letter, datetime.now(UTC))
    body = _body(letter.data)
    if as_json:
        typer.echo(json.dumps(about | {"headers": letter.headers, "body": body}, indent=2))
        return
    for name, value in about.items():
        typer.echo(f"{name}: {visible(str(value))}")
    typer.echo("")
    for name, value in letter.headers.items():
        typer.echo(f"{visible(name)}: {visible(value)}")
    typer.echo("")
    text = body if isinstance(body, str) else json.dumps(body, indent=2, ensure_ascii=False)
    for line in text.split("\n"):
        typer.echo(visible(line))


def retry(data: Path, file: Path | None, number: int, as_new: bool) -> None:
    """Says where it went. Raises UserError when it stays."""
    letter = as_operator(data, file, lambda bus: dead_letters.retry(bus, number, as_new))
    typer.echo(f"Dead letter {number} is on {visible(letter.subject)} again.")


def drop(data: Path, file: Path | None, number: int | None, everything: bool) -> None:
    """Deletes one, or all there are. Raises UserError."""
    if (number is None) != everything:
        raise UsageError("Name the number of a dead letter, or --all.")
    if number is not None:
        wanted = number
        as_operator(data, file, lambda bus: dead_letters.drop(bus, wanted))
        typer.echo(f"Dead letter {number} is gone.")
    else:
        typer.echo(f"{as_operator(data, file, dead_letters.drop_all)} dead letters are gone.")


def _table(letter: DeadLetter, now: datetime) -> dict[str, Any]:
    """What `list` tells of one; `age` in seconds, `size` in bytes."""
    return {
        "number": letter.number,
        "at": letter.at.isoformat(),
        "age": round((now - letter.at).total_seconds(), 1),
        "stream": letter.stream,
        "subject": letter.subject,
        "size": len(letter.data),
        "reason": letter.reason,
    }


def _body(data: bytes) -> Any:
    """What JSON holds; other bytes as text."""
    try:
        return json.loads(data, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return data.decode(errors="backslashreplace")


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no JSON")


def _print(letters: list[DeadLetter], now: datetime) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for heading in ("number", "when", "age", "size"):
        table.add_column(heading, no_wrap=True)
    for heading in ("stream", "subject", "reason"):
        table.add_column(heading, overflow="fold")
    for letter in letters:
        table.add_row(
            str(letter.number),
            f"{letter.at.astimezone():%m-%d %H:%M:%S}",
            duration_words((now - letter.at).total_seconds()),
            str(len(letter.data)),
            *(Text(visible(each)) for each in (letter.stream, letter.subject, letter.reason)),
        )
    Console().print(table)
