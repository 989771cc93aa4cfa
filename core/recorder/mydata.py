"""!mydata: what is kept about a person by Rosey and her plugins, to be had and to be forgotten.

Whose it is goes by the name on the asker's connection: somebody of the same name elsewhere is
somebody else. A guest's name is nobody's own, so guests are refused, but where nearly everybody is
one; and of what is kept for all rooms together, other connections too, they get nothing there
either. All is told in private. Chat carries no files, and a viewer of a room cannot reach Rosey's
disk, so the room tells how much there is of what, and the whole of it lies in the data folder for
the operator to hand over.
"""

import asyncio
import json
import logging
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from core.plugins import ROOM, manifests
from core.recorder import kept as keeping
from core.recorder import mydata_texts as texts
from core.recorder.kept import Person, Place
from core.recorder.mydata_texts import About, Kept
from rosey import ids
from rosey.channels import token
from rosey.contracts.storage import Row
from rosey.manifest import ManifestError, People
from rosey.names import LONGEST_NAME, name_key
from rosey.plugin import Context, Plugin, Refused
from rosey.ranks import Rank
from rosey.storage import Database, StorageError

FOLDER = "mydata"
COOLDOWN = 30.0

log = logging.getLogger("core.recorder")


class MyData:
    """`database_of` an owner of tables; `keep_days` as `[recorder]` says at the moment.

    `guests_may` ask in a channel.
    """

    def __init__(
        self,
        database_of: Callable[[str], Database],
        data: Path,
        keep_days: Callable[[], int],
        guests_may: Callable[[str], bool],
    ) -> None:
        self._database_of = database_of
        self._data = data
        self._folder = data / FOLDER
        self._keep_days = keep_days
        self._guests_may = guests_may

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
        self._check_guest(ctx, texts.GUEST_EXPORT)
        person, about = Person(ctx.user.name, ctx.channel), _about(ctx, ctx.user.name)
        entries: dict[str, dict[str, list[Row]]] = {}
        kept = []
        try:
            for owner, people in self._declared():
                place = self._place(owner, people, person)
                if about.is_withheld(people):
                    kept.append(Kept(owner, people, await place.count()))
                    continue
                found = [entry async for entry in place.entries()]
                kept.append(Kept(owner, people, len(found)))
                entries.setdefault(owner, {}).setdefault(people.what, []).extend(found)
        except StorageError as problem:
            raise Refused(texts.AWAY) from problem
        if not any(each.count for each in about.reached(kept)):
            ctx.pm(ctx.user, texts.nothing(about, kept))
            return
        name = file_name(person)
        try:
            await asyncio.to_thread(_write, self._folder, name, entries)
        except OSError as problem:
            raise Refused(texts.no_file()) from problem
        ctx.pm(ctx.user, texts.exported(about, kept, f"{FOLDER}/{name}"))

    async def forget(self, ctx: Context) -> None:
        """Have what is kept about you deleted, as far as it goes; asks first."""
        name, is_sure = _asked(ctx.text)
        if name and name_key(name) != name_key(ctx.user.name):
            if ctx.user.rank < Rank.ADMIN:
                raise Refused(texts.SOMEBODY_ELSE.format(prefix=ctx.command.prefix))
        else:
            name = ctx.user.name
            self._check_guest(ctx, texts.GUEST_FORGET)
        person, about, days = Person(name, ctx.channel), _about(ctx, name), self._keep_days()
        try:
            kept = await self._counted(person)
            if is_sure:
                kept = await self._forget(about, kept, person, ctx.command.id)
        except StorageError as problem:
            raise Refused(texts.AWAY_MIDWAY if is_sure else texts.AWAY) from problem
        if is_sure:
            log.info("%s has had %s forgotten in %s", ctx.user.name, name, ctx.channel)
            ctx.pm(ctx.user, texts.forgotten(about, kept, days))
        elif any(each.count for each in about.reached(kept)):
            ctx.pm(ctx.user, texts.sure(about, kept, days))
        else:
            ctx.pm(ctx.user, texts.nothing(about, kept))

    def _check_guest(self, ctx: Context, refusal: str) -> None:
        """Raises Refused for who may be anybody."""
        if ctx.user.rank < Rank.USER and not self._guests_may(ctx.channel):
            raise Refused(refusal.format(name=ctx.user.name, prefix=ctx.command.prefix))

    def _declared(self) -> Iterator[tuple[str, People]]:
        """What the room's memory and the plugins, installed ones too, say they keep of people."""
        try:
            plugins = manifests(self._data)
        except ManifestError as problem:
            raise Refused(texts.BROKEN) from problem
        for manifest in (ROOM, *plugins.values()):
            for people in manifest.people:
                yield manifest.name, people

    def _place(self, owner: str, people: People, person: Person) -> Place:
        return keeping.place(self._database_of(owner), people, person)

    async def _counted(self, person: Person) -> list[Kept]:
        return [
            Kept(owner, people, await self._place(owner, people, person).count())
            for owner, people in self._declared()
        ]

    async def _forget(
        self, about: About, kept: Iterable[Kept], person: Person, id: str
    ) -> list[Kept]:
        """How many were changed, by this command or an earlier try of it."""
        done = []
        for number, each in enumerate(kept):
            if each.people.forget != "keep" and not about.is_withheld(each.people):
                place = self._place(each.owner, each.people, person)
                count = await place.forget(ids.numbered(id, number))
                each = Kept(each.owner, each.people, count)
            done.append(each)
        return done


def file_name(person: Person) -> str:
    """For a person's file: `lounge=2Falice.json`."""
    name = token(f"{person.connection}/{name_key(person.name)}")
    return f"{name if len(name) <= 120 else ids.derive('p', name)}.json"


def _about(ctx: Context, name: str) -> About:
    user = ctx.user
    return About(
        name=name,
        is_asker=name_key(name) == name_key(user.name),
        is_guest=user.rank < Rank.USER,
        prefix=ctx.command.prefix,
    )


def _asked(text: str) -> tuple[str, bool]:
    """About whom, empty for who asks, and whether he is sure: `alice yes`."""
    words = text.split()
    is_sure = bool(words) and words[-1].lower() == "yes"
    name = " ".join(words[:-1] if is_sure else words)
    return name.removeprefix("@")[:LONGEST_NAME], is_sure


def _write(folder: Path, name: str, content: object) -> None:
    """For nobody's eyes but the operator's; whole or not at all."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = folder / f".{name}.new"
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False, indent=1)
    fresh.replace(folder / name)
