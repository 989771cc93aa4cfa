"""What a plugin is made of: commands with handlers, and what a handler is given."""

from __future__ import annotations

import random as randomness
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, Protocol, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from rosey import heard
from rosey.arguments import Arguments, Mistake
from rosey.events import ChatCommand, Command, Happening, Line, Outcome, User
from rosey.kit import Kit
from rosey.ranks import Rank
from rosey.services import Offer, Server
from rosey.signatures import arguments_of
from rosey.texts import FIRST
from rosey.timers import Timer
from rosey.values import Here

if TYPE_CHECKING:
    import sqlite3

    from rosey.service_client import Services
    from rosey.storage.client import Database, KeyValues

Answer = Outcome | str | None
Handler = Callable[["Context"], Awaitable[Answer]]
Written = TypeVar("Written", bound=Callable[Concatenate["Context", ...], Awaitable[Answer]])
Listening = TypeVar("Listening", bound=Callable[["Context", Any], Awaitable[Answer]])
Ticking = TypeVar("Ticking", bound=Handler)
Found = TypeVar("Found", bound=BaseModel)
_WORDS = re.compile(r"[a-z0-9]+( [a-z0-9]+)?")


class Refused(Exception):
    """Raised by a handler to answer with a plain sentence: what was wrong and what to do."""


class Workflows(Protocol):
    """The mailbox as handlers see it."""

    async def deliver(
        self, workflow: str, command: Command, settings: dict[str, object] | None = None
    ) -> Outcome:
        """Hands the command to the channel's workflow, started if needed, and waits."""

    async def ask(
        self, workflow: str, query: str, command: Command, answer: type[Found]
    ) -> Found | None:
        """Asks the channel's workflow, which changes nothing; None when there is none."""


@dataclass
class Context:
    """One command at work. `random` may be replaced by tests."""

    command: Command
    settings: BaseModel | None = None
    workflow: Workflows | None = None
    database: Database | None = None
    random: randomness.Random = field(default_factory=randomness.SystemRandom)
    events: list[Happening] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    kit: Kit = field(default_factory=Kit)

    @property
    def user(self) -> User:
        return self.command.user

    @property
    def channel(self) -> str:
        return self.command.channel

    @property
    def text(self) -> str:
        """What was typed after the command's words."""
        return self.command.text

    @property
    def durable(self) -> Workflows:
        """The mailbox; only plugins whose manifest names workflows have one."""
        if self.workflow is None:
            raise RuntimeError(f"{self.command.plugin} names no workflows in its plugin.toml")
        return self.workflow

    @property
    def db(self) -> Database:
        """The plugin's own tables and keys; only plugins whose manifest asks for storage have them.

        Its calls raise StorageError for what is refused, Unavailable while the database is away.
        """
        if self.database is None:
            raise RuntimeError(f"{self.command.plugin} asks for no storage in its plugin.toml")
        return self.database

    @property
    def kv(self) -> KeyValues:
        """The plugin's own keys; only plugins whose manifest asks for storage.keys have them."""
        if self.kit.keys is None:
            raise RuntimeError(f"{self.command.plugin} asks for no storage.keys in its plugin.toml")
        return self.kit.keys

    @property
    def services(self) -> Services:
        """Other plugins' services: `await ctx.services.call("dice.roll", request, Reply)`."""
        if self.kit.services is None:
            raise RuntimeError("there is no bus here to ask other plugins")
        return self.kit.services

    def in_room(self, channel: str) -> Context:
        """The same work in a room, with its settings: for services, which are asked from nowhere.

        Raises Refused where the plugin is off, or there is no such room.
        """
        if channel not in self.kit.rooms():
            raise Refused(f"{self.command.plugin} is not on in {channel or 'a room without name'}.")
        command = self.command.model_copy(update={"channel": channel})
        return replace(self, command=command, settings=self.kit.settings(channel))

    def phrase(self, key: str, /, **values: object) -> str:
        """The text of that key in the room's language, which is the setting `language`."""
        language = str(getattr(self.settings, "language", FIRST))
        return self.kit.texts.get(language, key, values)

    @property
    def folder(self) -> Path:
        """The plugin's own folder for files, `<data folder>/plugins/<plugin>`, made if missing."""
        if self.kit.folder is None:
            raise RuntimeError(f"{self.command.plugin} has no data folder here")
        self.kit.folder.mkdir(parents=True, exist_ok=True)
        return self.kit.folder

    def local_db(self) -> sqlite3.Connection:
        """A SQLite file of the plugin's own, while it is developed; close it after use.

        Raises RuntimeError unless rosey.toml says dev = true: what rooms rely on belongs in `db`,
        where it is backed up, migrated and found again on another machine.
        """
        if not self.kit.dev:
            raise RuntimeError(
                "ctx.local_db() is for development: set dev = true in rosey.toml, or keep it in "
                "ctx.db"
            )
        import sqlite3

        return sqlite3.connect(self.folder / "local.db")

    @property
    def options(self) -> dict[str, object]:
        """The channel's settings for this plugin as plain data."""
        return self.settings.model_dump(mode="json") if self.settings else {}

    @property
    def zone(self) -> tzinfo:
        """The room's zone: the setting `zone` (a ZoneInfo or its name), or UTC."""
        zone = getattr(self.settings, "zone", None) or UTC
        return ZoneInfo(zone) if isinstance(zone, str) else zone

    def say(self, text: str) -> None:
        """Says a line where it was asked, when the handler is done and before what it returns.

        Nothing of it is said when the handler refuses or fails.
        """
        self.lines.append(Line(text=text))

    def pm(self, user: User | str, text: str) -> None:
        """As `say`, but in private to that person; the manifest must list the action `pm`."""
        name = user if isinstance(user, str) else user.name
        if not name:
            raise ValueError("a private message needs somebody to go to")
        self.lines.append(Line(text=text, to=name))

    def event(self, name: str, **data: object) -> None:
        """Publishes `<plugin>.<name>` when the handler is done, once for each command."""
        self.events.append(Happening(name=name, data=data))


class Plugin:
    """A plugin's commands, and what else it does. The name is the one in its `plugin.toml`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.commands: list[ChatCommand] = []
        self.handlers: dict[str, Handler] = {}
        self.heard: dict[str, list[Handler]] = {}
        self.timers: list[Timer] = []
        self.offers: dict[str, Offer] = {}

    def command(
        self,
        *words: str,
        aliases: Sequence[str] = (),
        action: str = "",
        usage: str | None = None,
        rank: float = Rank.GUEST.value,
        cooldown: float = 0.0,
        room_cooldown: float = 0.0,
        hidden: bool = False,
    ) -> Callable[[Written], Written]:
        """Makes a function a command. `words` are what is typed: `roll`, `trivia start`.

        What the function takes besides ctx is read from what was typed after them. The action is
        the first word without a space unless given; help is the docstring's first line, usage the
        parameters. `cooldown` in seconds for each person, `room_cooldown` for the room. Raises
        ValueError for what cannot be typed, TypeError for parameters that cannot be read.
        """
        typed = [*words, *aliases]
        for word in typed:
            if not _WORDS.fullmatch(word):
                raise ValueError(f"{word!r} is no command: one or two words of a-z and 0-9")

        def register(handler: Written) -> Written:
            name = action or typed[0].split()[-1]
            self._check_free(name)
            arguments = arguments_of(handler)
            command = ChatCommand(
                action=name,
                words=typed,
                usage=arguments.usage if usage is None else usage,
                help=(handler.__doc__ or "").strip().partition("\n")[0],
                rank=rank,
                cooldown=cooldown,
                room_cooldown=room_cooldown,
                hidden=hidden,
            )
            reads = bool(arguments.parameters)
            self.handlers[name] = _reading(handler, arguments, command) if reads else handler
            self.commands.append(command)
            return handler

        return register

    def on(self, event: str) -> Callable[[Listening], Listening]:
        """Makes a function hear an event, as `user.join`, in the rooms where the plugin is on.

        It takes ctx and the event; what it answers is said in the room. plugin.toml must list
        `rosey.events.<event>` under hears. Raises ValueError for an event that there is not.
        """

        def register(handler: Listening) -> Listening:
            self._hear(event, heard.listener(event, handler))
            return handler

        return register

    def on_plugin(self, event: str) -> Callable[[Listening], Listening]:
        """Makes a function hear what another plugin tells of, as `playlist.item_started`.

        It takes ctx and the PluginEvent, in the rooms where both are on; what it answers is said
        there. plugin.toml must list `rosey.plugins.<event>` under hears. Raises ValueError.
        """
        name = heard.of_plugin(event)

        def register(handler: Listening) -> Listening:
            self._hear(name, heard.plugin_listener(handler))
            return handler

        return register

    def trigger(
        self, pattern: str, *, cooldown: float = 0.0, room_cooldown: float = 0.0
    ) -> Callable[[Listening], Listening]:
        """Makes a function answer lines of talk in which a regular expression is found.

        It takes ctx and the match. Case does not matter; `cooldown` in seconds for each person,
        `room_cooldown` for the room. plugin.toml must list `rosey.events.message` under hears.
        Raises ValueError for a pattern that cannot be read.
        """

        def register(handler: Listening) -> Listening:
            self._hear("message", heard.trigger(pattern, handler, cooldown, room_cooldown))
            return handler

        return register

    def every(self, *, seconds: float) -> Callable[[Ticking], Ticking]:
        """Runs a function that takes ctx at intervals, for each room where the plugin is on.

        What it answers is said there, once, whatever processes there are. They all run it, so
        what it changes elsewhere must bear a repeat. Raises ValueError below one second.
        """

        def register(handler: Ticking) -> Ticking:
            action = f"every_{handler.__name__}"
            self._check_free(action)
            self.timers.append(Timer(action, seconds))
            self.handlers[action] = handler
            return handler

        return register

    def service(self, handler: Server) -> Server:
        """Offers a function to other plugins as `<plugin>.<its name>`.

        It takes ctx and perhaps a request, and answers a reply or None, all pydantic models. Nobody
        is there to be told anything else: it says no lines. Raises ValueError, TypeError.
        """
        offer = Offer.of(handler)
        if offer.method in self.offers:
            raise ValueError(f"{self.name} has two services {offer.method!r}")
        self.offers[offer.method] = offer
        return handler

    def _check_free(self, action: str) -> None:
        if action in self.handlers:
            raise ValueError(f"{self.name} has two handlers for {action!r}")

    def _hear(self, event: str, handler: Handler) -> None:
        if event not in self.heard:
            action = heard.action_of(event)
            self._check_free(action)
            handlers = self.heard[event] = []
            self.handlers[action] = heard.together(handlers)
        self.heard[event].append(handler)


def _reading(handler: Written, arguments: Arguments, known: ChatCommand) -> Handler:
    """The handler with its arguments read from what was typed."""

    @wraps(handler)
    async def run(ctx: Context) -> Answer:
        given = ctx.command
        try:
            values = arguments.parse(ctx.text, Here(given.sent_at, ctx.zone))
        except Mistake as mistake:
            if given.plain:  # a line of talk that was no answer
                return None
            usage = f"{given.prefix}{known.words[0]} {known.usage}"
            raise Refused(mistake.line(usage)) from mistake
        return await handler(ctx, *values)

    return run
