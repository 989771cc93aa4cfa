"""A room in which a plugin's author says lines and sees what Rosey says."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any, Self

from pydantic import BaseModel

from rosey import ids
from rosey.events import Action, Happening, Message, PluginEvent, User, UserEvent
from rosey.heard import of_plugin
from rosey.manifest import PluginManifest
from rosey.plugin import Plugin
from rosey.ranks import Rank
from rosey.storage import Database
from rosey.storage.client import KeyValues
from rosey.testing import real
from rosey.testing.clock import Clock
from rosey.testing.database import MemoryDatabase
from rosey.testing.found import folder_of, manifest_of, settings_of, texts_of
from rosey.testing.offline import OfflineRosey
from rosey.testing.real import CHANNEL, NeedsMemory, RealRosey
from rosey.testing.services import Answer

SHORTEST = 0.001  # seconds between two lines, of which platforms tell milliseconds


class Said(str):
    """A line Rosey said; `to` is whom it went to in private, empty for the room."""

    to: str

    def __new__(cls, text: str, to: str = "") -> "Said":
        said = super().__new__(cls, text)
        said.to = to
        return said

    def __repr__(self) -> str:
        return f"Said({str(self)!r}, to={self.to!r})" if self.to else super().__repr__()


class Room:
    """One plugin and the people of a room; nothing of it needs a server or takes time.

    `manifest` is a plugin.toml or its folder where it is not beside the plugin's code; `settings`
    are the room's for the plugin; `seed` makes its chances the same each time; people have the
    `rank` of a guest unless said otherwise. Use it with `async with`.

    With pytest's `--real` it is the lounge of a Rosey started for it, into which a plugin that
    does not come with her is installed. What only the room in memory has raises NeedsMemory then:
    `seed`, ranks, private lines and everything but `says`.
    """

    def __init__(
        self,
        plugin: Plugin,
        manifest: PluginManifest | Path | str | None = None,
        *,
        settings: BaseModel | Mapping[str, Any] | None = None,
        seed: int | None = None,
        rank: float = Rank.GUEST.value,
        prefix: str = "!",
    ) -> None:
        self._rank = rank
        self._prefix = prefix
        self._name = plugin.name
        self._last: datetime | None = None
        self._open = False
        self._clock = Clock()
        self._real: RealRosey | None = None
        found = manifest_of(plugin, manifest)
        checked = settings_of(found, settings)
        self._rosey = OfflineRosey(plugin, found, checked, seed or 0, prefix, texts_of(plugin))
        self._settings = checked.model_dump(mode="json", exclude_unset=True) if checked else {}
        self._checkout = real.in_use()
        self._folder = folder_of(plugin, manifest) if self._checkout else None
        if seed is not None:
            self._in_memory("a seed")

    async def __aenter__(self) -> Self:
        if self._checkout:
            self._real = RealRosey(
                self._checkout, self._name, self._settings, self._prefix, self._folder
            )
            await self._real.start()
        else:
            self._clock.__enter__()
        self._open = True
        return self

    async def __aexit__(self, *exception: object) -> None:
        self._open = False
        if self._real:
            await self._real.stop()
            self._real = None
        else:
            self._clock.__exit__()

    async def says(self, user: User | str, text: str, rank: float | None = None) -> list[Said]:
        """Somebody says a line; what Rosey says then, in order."""
        if self._checkout:
            return await self._says_really(self._person(user, rank), text)
        return await self._hear(user, text, rank, pm=False)

    async def whispers(self, user: User | str, text: str, rank: float | None = None) -> list[Said]:
        """Somebody writes to Rosey in private; what she says then, to whomever."""
        return await self._hear(user, text, rank, pm=True)

    async def joins(self, user: User | str, rank: float | None = None) -> list[Said]:
        """Somebody comes; what Rosey says then. Plugins without a handler for it hear nothing."""
        return await self._tell("user.join", user, rank)

    async def leaves(self, user: User | str, rank: float | None = None) -> list[Said]:
        """Somebody goes; what Rosey says then."""
        return await self._tell("user.leave", user, rank)

    async def tells(self, event: str, **data: Any) -> list[Said]:
        """Another plugin tells of an event, as `playlist.item_started`; what Rosey says then."""
        self._in_memory("room.tells")
        at = self._next_moment()
        plugin, _, name = event.partition(".")
        id = ids.derive("e", event, at.timestamp())
        told = PluginEvent(id=id, plugin=plugin, event=name, channel=CHANNEL, at=at, data=data)
        return _said(await self._rosey.tell(of_plugin(event), told))

    @property
    def clock(self) -> Clock:
        """The time of the room and of `rosey.clock`; it stands still unless it is advanced."""
        self._in_memory("room.clock")
        return self._clock

    @property
    def events(self) -> list[Happening]:
        """What the plugin has published so far, without how its commands ended."""
        self._in_memory("room.events")
        return self._rosey.events

    @property
    def random(self) -> Random:
        """What handlers have as `ctx.random`."""
        self._in_memory("room.random")
        return self._rosey.random

    @property
    def database(self) -> Database:
        """The plugin's own tables, as its handlers have them. Raises ValueError without."""
        self._in_memory("room.database")
        if self._rosey.database is None:
            raise ValueError(f"{self._name} asks for no storage in its plugin.toml")
        return self._rosey.database

    @property
    def keys(self) -> KeyValues:
        """The plugin's own keys. Raises ValueError without."""
        return self.database.keys

    @property
    def tables(self) -> MemoryDatabase:
        """What is behind `database`; tables that migrations make are declared here."""
        self._in_memory("room.tables")
        return self._rosey.tables

    def offers(self, service: str, answer: Answer) -> None:
        """Plays another plugin's service, as `dice.roll`, from now on.

        `answer` is its reply, or a function of the request as plain data that gives the reply or
        raises ServiceError. What nobody plays is away.
        """
        self._in_memory("room.offers")
        self._rosey.services.offered[service] = answer

    def _in_memory(self, what: str) -> None:
        if self._checkout:
            raise NeedsMemory(
                f"the test uses {what}, which only the room in memory has; mark it with "
                "@pytest.mark.in_memory, and --real leaves it out"
            )

    async def _says_really(self, person: User, text: str) -> list[Said]:
        self._check_open()
        assert self._real
        if person.rank != Rank.GUEST:
            self._in_memory("ranks")
        return [Said(*line) for line in await self._real.hear(person.name, text)]

    async def _hear(self, user: User | str, text: str, rank: float | None, pm: bool) -> list[Said]:
        if pm:
            self._in_memory("room.whispers")
        at = self._next_moment()
        person = self._person(user, rank)
        message = Message(
            id=ids.message_id(CHANNEL, at, person.name, text),
            channel=CHANNEL,
            user=person,
            text=text,
            sent_at=at,
            pm=pm,
        )
        return _said(await self._rosey.hear(message))

    async def _tell(self, name: str, user: User | str, rank: float | None) -> list[Said]:
        self._in_memory("room.joins or room.leaves")
        at = self._next_moment()
        person = self._person(user, rank)
        id = ids.derive("u", name, person.name, at.timestamp())
        event = UserEvent(id=id, channel=CHANNEL, user=person, at=at)
        return _said(await self._rosey.tell(name, event))

    def _person(self, user: User | str, rank: float | None) -> User:
        if isinstance(user, User):
            return user if rank is None else user.model_copy(update={"rank": rank})
        return User(name=user, rank=self._rank if rank is None else rank)

    def _next_moment(self) -> datetime:
        self._check_open()
        # Two lines of one person at the same moment would be one line delivered twice.
        if self._clock.now() == self._last:
            self._clock.advance(SHORTEST)
        self._last = now = self._clock.now()
        return now

    def _check_open(self) -> None:
        if not self._open:
            raise RuntimeError("the room is closed; open it with: async with Room(plugin) as room")


def _said(actions: list[Action]) -> list[Said]:
    return [Said(action.text, action.to) for action in actions]
