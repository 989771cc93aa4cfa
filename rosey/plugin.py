"""What a plugin is made of: commands with handlers, and what a handler is given."""

from __future__ import annotations

import random as randomness
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from pydantic import BaseModel

from rosey.events import ChatCommand, Command, Happening, Outcome, User
from rosey.ranks import Rank

if TYPE_CHECKING:
    from rosey.storage.client import Database

Answer = Outcome | str | None
Handler = Callable[["Context"], Awaitable[Answer]]
_WORDS = re.compile(r"[a-z0-9]+( [a-z0-9]+)?")


class Refused(Exception):
    """Raised by a handler to answer with a plain sentence: what was wrong and what to do."""


class Workflows(Protocol):
    """The mailbox as handlers see it."""

    async def deliver(
        self, workflow: str, command: Command, settings: dict[str, object] | None = None
    ) -> Outcome:
        """Hands the command to the channel's workflow, started if needed, and waits."""


@dataclass
class Context:
    """One command at work. `random` may be replaced by tests."""

    command: Command
    settings: BaseModel | None = None
    workflow: Workflows | None = None
    database: Database | None = None
    random: randomness.Random = field(default_factory=randomness.SystemRandom)
    events: list[Happening] = field(default_factory=list)

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
    def options(self) -> dict[str, object]:
        """The channel's settings for this plugin as plain data."""
        return self.settings.model_dump(mode="json") if self.settings else {}

    def event(self, name: str, **data: object) -> None:
        """Publishes `<plugin>.<name>` when the handler is done, once for each command."""
        self.events.append(Happening(name=name, data=data))


class Plugin:
    """A plugin's commands. The name is the one in its `plugin.toml`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.commands: list[ChatCommand] = []
        self.handlers: dict[str, Handler] = {}

    def command(
        self,
        *words: str,
        action: str = "",
        usage: str = "",
        rank: float = Rank.GUEST.value,
        cooldown: float = 0.0,
        hidden: bool = False,
    ) -> Callable[[Handler], Handler]:
        """Makes a function a command. `words` are what is typed: `roll`, `trivia start`.

        The action is the first word without a space unless given; help is the docstring's first
        line. `cooldown` in seconds for each person. Raises ValueError for what cannot be typed.
        """
        for word in words:
            if not _WORDS.fullmatch(word):
                raise ValueError(f"{word!r} is no command: one or two words of a-z and 0-9")

        def register(handler: Handler) -> Handler:
            name = action or words[0].split()[-1]
            if name in self.handlers:
                raise ValueError(f"{self.name} has two handlers for {name!r}")
            help_text = (handler.__doc__ or "").strip().partition("\n")[0]
            self.handlers[name] = handler
            self.commands.append(
                ChatCommand(
                    action=name,
                    words=list(words),
                    usage=usage,
                    help=help_text,
                    rank=rank,
                    cooldown=cooldown,
                    hidden=hidden,
                )
            )
            return handler

        return register
