"""All quotes of a room into a file, and a file's quotes into a room.

Chat carries no files, so they lie in the plugin's own folder, where the operator gets at them.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from plugins.quote import files
from plugins.quote.files import Format, NoFile, Refusal
from plugins.quote.shelf import PAGE, Shelf
from rosey import ids
from rosey.events import Command
from rosey.names import LONGEST_NAME
from rosey.storage import Unavailable

# As the room is told; the data folder's own place is nobody's business there.
FOLDER = "plugins/quote"


@dataclass(frozen=True)
class Imported:
    """What became of a file's quotes."""

    name: str
    added: int
    skipped: int
    refused: Sequence[Refusal]


async def export(shelf: Shelf, channel: str, folder: Path, wish: str) -> tuple[int, str]:
    """How many there are, and the file's place. Raises NoFile and StorageError."""
    format = _format(wish)
    quotes = await shelf.all()
    if not quotes:
        raise NoFile("nothing_to_write")
    name = files.file_name(channel, format)
    await asyncio.to_thread(files.store, folder, name, files.written(quotes, format))
    return len(quotes), f"{FOLDER}/{name}"


async def bring_in(shelf: Shelf, command: Command, folder: Path) -> Imported:
    """Part by part, each once. Raises NoFile and StorageError."""
    name = command.text.strip()
    format = files.format_of(name)
    data = await asyncio.to_thread(files.fetch, folder, name)
    by = command.user.name[:LONGEST_NAME]
    contents = files.read(data, format, by, command.sent_at)
    added = 0
    for number, first in enumerate(range(0, len(contents.quotes), PAGE)):
        part = contents.quotes[first : first + PAGE]
        try:
            known = await shelf.known(part)
            fresh = [quote for quote in part if (quote.text, quote.author) not in known]
            # A repeat finds its own quotes here, adds nothing, and hears the first time's number.
            added += await shelf.add(fresh, ids.numbered(command.id, number))
        except Unavailable:
            if not added:
                raise
            raise NoFile("interrupted", added=added, name=name) from None
    skipped = len(contents.quotes) - added + contents.repeated
    return Imported(name, added, skipped, contents.refused)


def _format(wish: str) -> Format:
    """JSON unless something else is wished. Raises NoFile."""
    wanted = wish.strip().lower() or "json"
    for each in files.FORMATS:
        if each == wanted:
            return each
    raise NoFile("no_format")
