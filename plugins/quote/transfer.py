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
SHOWN = 3


@dataclass(frozen=True)
class Imported:
    """What became of a file's quotes."""

    name: str
    added: int
    skipped: int
    refused: Sequence[Refusal]

    @property
    def words(self) -> str:
        """`friends.csv: 120 added, 4 already here, 1 refused (quote 7: there is no text in it).`"""
        told = f"{self.name}: {self.added:,} added, {self.skipped:,} already here"
        if not self.refused:
            return f"{told}."
        first = [f"quote {each.place}: {each.why}" for each in self.refused[:SHOWN]]
        rest = "; …" if len(self.refused) > SHOWN else ""
        return f"{told}, {len(self.refused):,} refused ({'; '.join(first)}{rest})."


async def export(shelf: Shelf, channel: str, folder: Path, wish: str) -> str:
    """Where the file is. Raises NoFile and StorageError."""
    format = _format(wish)
    quotes = await shelf.all()
    if not quotes:
        raise NoFile("There are no quotes here yet, so there is nothing to write.")
    name = files.file_name(channel, format)
    await asyncio.to_thread(files.store, folder, name, files.written(quotes, format))
    what = "quote is" if len(quotes) == 1 else "quotes are"
    return f"{len(quotes):,} {what} in {FOLDER}/{name}, in the data folder of whoever runs me."


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
            raise NoFile(
                f"The database went away after {added:,} quotes. Import {name} again in a minute: "
                "what is here already is left out."
            ) from None
    skipped = len(contents.quotes) - added + contents.repeated
    return Imported(name, added, skipped, contents.refused)


def _format(wish: str) -> Format:
    """JSON unless something else is wished. Raises NoFile."""
    wanted = wish.strip().lower() or "json"
    for each in files.FORMATS:
        if each == wanted:
            return each
    raise NoFile(f"I write {' and '.join(files.FORMATS)}.")
