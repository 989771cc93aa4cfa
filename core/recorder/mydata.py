"""!mydata: what is kept about a person by Rosey and her plugins, to be had and to be forgotten.

Whose it is goes by the name on the asker's connection: somebody of the same name elsewhere is
somebody else. All is told in private. Chat carries no files, and a viewer of a room cannot reach
Rosey's disk, so the room tells how much there is of what, and the whole of it lies in the data
folder for the operator to hand over.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.plugins import ROOM, manifests
from core.recorder import mydata_texts as texts
from rosey import ids
from rosey.channels import Channel, token
from rosey.contracts.storage import Row
from rosey.events import Command
from rosey.manifest import ManifestError, People
from rosey.names import LONGEST_NAME, name_key
from rosey.plugin import Context, Plugin, Refused
from rosey.storage import Database, StorageError
from rosey.storage.patterns import literally

FOLDER = "mydata"
# Rows of one table in a file, and at a time.
MOST_ROWS = 20_000
STEP = 100
COOLDOWN = 30.0


@dataclass(frozen=True)
class Kept:
    """Rows of one kind about the asker."""

    owner: str
    people: People
    count: int


class MyData:
    """`database_of` an owner of tables; `keep_days` as `[recorder]` says at the moment."""

    def __init__(
        self, database_of: Callable[[str], Database], data: Path, keep_days: Callable[[], int]
    ) -> None:
        self._database_of = database_of
        self._data = data
        self._folder = data / FOLDER
        self._keep_days = keep_days

    def beside(self, others: Plugin) -> Plugin:
        """A plugin with those commands and these."""
        plugin = Plugin(others.name)
        plugin.commands = [*others.commands]
        plugin.handlers = {**others.handlers}
        plugin.command("mydata export", action="mydata_export", cooldown=COOLDOWN)(self.export)
        plugin.command("mydata forget", action="mydata_forget", usage="[yes]")(self.forget)
        return plugin

    async def export(self, ctx: Context) -> None:
        """Learn what is kept about you."""
        with_rows: dict[str, dict[str, list[Row]]] = {}
        kept = []
        try:
            for owner, people in self._declared():
                rows = [row async for row in self._rows(ctx.command, owner, people)]
                kept.append(Kept(owner, people, len(rows)))
                with_rows.setdefault(owner, {})[people.what] = rows
        except StorageError as problem:
            raise Refused(texts.AWAY) from problem
        if not any(each.count for each in kept):
            ctx.pm(ctx.user, texts.nothing())
            return
        name = file_name(ctx.command)
        try:
            await asyncio.to_thread(_write, self._folder, name, with_rows)
        except OSError as problem:
            raise Refused(texts.no_file()) from problem
        ctx.pm(ctx.user, texts.exported(kept, f"{FOLDER}/{name}", MOST_ROWS))

    async def forget(self, ctx: Context) -> None:
        """Have what is kept about you deleted, as far as it goes; asks first."""
        is_sure = ctx.text.strip().lower() == "yes"
        try:
            kept = [
                Kept(owner, people, await self._count(ctx.command, owner, people))
                for owner, people in self._declared()
            ]
            if is_sure:
                kept = [
                    await self._forget(ctx.command, each, number)
                    for number, each in enumerate(kept)
                ]
        except StorageError as problem:
            raise Refused(texts.AWAY_MIDWAY if is_sure else texts.AWAY) from problem
        days = self._keep_days()
        if is_sure:
            ctx.pm(ctx.user, texts.forgotten(kept, days))
        elif any(each.count for each in kept):
            ctx.pm(ctx.user, texts.sure(kept, days, ctx.command.prefix))
        else:
            ctx.pm(ctx.user, texts.nothing())

    def _declared(self) -> Iterator[tuple[str, People]]:
        """What the room's memory and the plugins, installed ones too, say they keep of people."""
        try:
            plugins = manifests(self._data)
        except ManifestError as problem:
            raise Refused(texts.BROKEN) from problem
        for manifest in (ROOM, *plugins.values()):
            for people in manifest.people:
                yield manifest.name, people

    async def _forget(self, command: Command, kept: Kept, number: int) -> Kept:
        """How many were changed, by this command or an earlier try of it."""
        database, people = self._database_of(kept.owner), kept.people
        key = ids.numbered(command.id, number)
        mine = _of(command, people)
        if people.forget == "keep":
            return kept
        if people.forget == "delete":
            return Kept(kept.owner, people, await database.delete(people.table, mine, key))
        done = await database.update(people.table, mine, {"$set": people.forget}, key=key)
        return Kept(kept.owner, people, done.updated)

    async def _count(self, command: Command, owner: str, people: People) -> int:
        return await self._database_of(owner).count(people.table, _of(command, people))

    async def _rows(self, command: Command, owner: str, people: People) -> AsyncIterator[Row]:
        """The newest first, and only those when there are too many."""
        database, older = self._database_of(owner), _of(command, people)
        for _ in range(MOST_ROWS // STEP):
            rows = await database.select(people.table, older, order=("-id",), limit=STEP)
            for row in rows:
                yield row
            if len(rows) < STEP:
                return
            older["id"] = {"$lt": rows[-1]["id"]}


def file_name(command: Command) -> str:
    """For the asker's file: `lounge=2Falice.json`."""
    name = token(f"{Channel.parse(command.channel).connection}/{name_key(command.user.name)}")
    return f"{name if len(name) <= 120 else ids.derive('p', name)}.json"


def _of(command: Command, people: People) -> dict[str, Any]:
    """The asker's rows, in all rooms of the connection."""
    connection = Channel.parse(command.channel).connection
    return {
        "channel": {"$like": f"{literally(connection)}/%"},
        people.field: {"$ilike": literally(command.user.name[:LONGEST_NAME])},
    }


def _write(folder: Path, name: str, content: object) -> None:
    """For nobody's eyes but the operator's; whole or not at all."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = folder / f".{name}.new"
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False, indent=1)
    fresh.replace(folder / name)
