"""Rosey without a server: one plugin, and what she says when somebody says something."""

import logging
import random
from typing import TypeVar

from pydantic import BaseModel

from rosey import clock
from rosey.contracts.storage import Code
from rosey.cooldowns import CoolDowns
from rosey.events import (
    Action,
    Command,
    Happening,
    Message,
    Outcome,
    PluginEvent,
    PluginPresence,
)
from rosey.handling import handle, reply_to
from rosey.heard import RoomEvent, action_of, subject_of
from rosey.kit import Kit
from rosey.manifest import ManifestError, PluginManifest, Storage
from rosey.plugin import Context, Plugin
from rosey.routing import texts as words
from rosey.routing.commands import OWN, Found, Group, Unknown, resolve, table
from rosey.routing.exchange import actions_of, command_of, command_of_event, own_answer
from rosey.routing.policy import refusal
from rosey.storage import Database, StorageError
from rosey.storage.client import Ask
from rosey.testing.database import MemoryDatabase
from rosey.testing.real import CHANNEL
from rosey.testing.services import FakeServices
from rosey.texts import Texts

log = logging.getLogger("rosey.testing")

Answer = TypeVar("Answer", bound=BaseModel)


class NeedsReal(Exception):
    """The test asks for what is not in memory; the text says what to do."""


class OfflineRosey:
    """What the router and the plugin's process do, in one place and at once."""

    def __init__(
        self,
        plugin: Plugin,
        manifest: PluginManifest,
        settings: BaseModel | None = None,
        seed: int = 0,
        prefix: str = "!",
        texts: Texts | None = None,
    ) -> None:
        self.manifest = manifest
        self.random = random.Random(seed)
        self.events: list[Happening] = []
        self.tables = MemoryDatabase(manifest.storage.tables)
        self.database: Database | None = None
        if manifest.storage != Storage():
            self.database = Database(_as_declared(manifest, self.tables))
        keys = self.database.keys if self.database and manifest.storage.keys else None
        self.services = FakeServices(manifest)
        self._kit = Kit(
            keys=keys,
            texts=texts or Texts(),
            services=self.services,
            rooms=lambda: [CHANNEL],
            settings=lambda channel: settings,
        )
        self._plugin = plugin
        self._settings = settings
        self._prefix = prefix
        self._cooldowns = CoolDowns()
        presence = PluginPresence(
            plugin=manifest.name,
            version=manifest.version,
            alive_at=clock.now(),
            commands=plugin.commands,
        )
        self._words = table([presence])

    async def hear(self, message: Message) -> list[Action]:
        """What she does about a line. Raises NeedsReal when a workflow would have to answer."""
        prefix = self._prefix
        match resolve(message.text, prefix, self._words):
            case Found() as found:
                return await self._on_command(message, found)
            case Group() as group:
                return [own_answer(message, words.group_help(prefix, group))]
            case Unknown(word, near) if near:
                return [own_answer(message, words.unknown(prefix, word, near))]
            case None:
                return await self.tell("pm" if message.pm else "message", message)
        return []

    async def tell(self, name: str, event: RoomEvent | PluginEvent) -> list[Action]:
        """What she does about an event, if the plugin hears it. Raises NeedsReal as `hear`."""
        if action_of(name) not in self._plugin.handlers:
            return []
        if not self.manifest.may_hear(subject_of(name)):
            raise ManifestError(f'hears: the plugin has a handler that needs "{subject_of(name)}"')
        return await self.give(command_of_event(name, event, self.manifest.name, 0, self._prefix))

    async def _on_command(self, message: Message, found: Found) -> list[Action]:
        prefix = self._prefix
        if found.command in OWN:
            states = {self.manifest.name: True}
            answer = words.own(found, prefix, self._words, message.user.rank, states)
            return [own_answer(message, answer)]
        if refused := refusal(message, prefix, found, True, self._cooldowns):
            return [own_answer(message, refused)]
        name, action = found.plugin, found.command.action
        return await self.give(command_of(message, name, action, found.rest, prefix=prefix))

    async def give(self, command: Command) -> list[Action]:
        """What comes of a command; its events are in `events`. Raises NeedsReal as `hear`."""
        workflows = _Workflows() if self.manifest.workflows else None
        # Handlers get the Command that came over the bus, so no object of the test's own.
        command = Command.read(command.wire())
        context = Context(
            command, self._settings, workflows, self.database, self.random, kit=self._kit
        )
        outcome = await handle(self._plugin, self.manifest, context, log)
        if workflows and workflows.asked:
            raise NeedsReal(
                f"{command.plugin} {command.action} asks the workflow {workflows.asked}, and the "
                "room in memory has none: test what depends on it against a whole Rosey."
            )
        # As others hear them: a tuple has become a list, a time its text.
        self.events += [Happening.model_validate_json(e.model_dump_json()) for e in outcome.events]
        reply = reply_to(command, outcome)
        if reply is None:
            return []
        actions, refused = actions_of(reply, self.manifest)
        if refused:
            log.warning("%s asked for more than it may: %s", command.plugin, refused)
        return actions


class _Workflows:
    """Remembers that one was asked, whatever the handler makes of the refusal."""

    asked = ""

    async def deliver(
        self, workflow: str, command: Command, settings: dict[str, object] | None = None
    ) -> Outcome:
        self.asked = workflow
        raise NeedsReal(f"the workflow {workflow} is not here")

    async def ask(
        self, workflow: str, query: str, command: Command, answer: type[Answer]
    ) -> Answer | None:
        self.asked = workflow
        raise NeedsReal(f"the workflow {workflow} is not here")


def _as_declared(manifest: PluginManifest, ask: Ask) -> Ask:
    """Refuses what the server would not let the plugin ask, and says what its manifest lacks."""
    storage = manifest.storage

    async def asked(kind: str, op: str, request: bytes, patience: float) -> bytes:
        allowed, wanted = (
            (storage.keys, "keys = true") if kind == "kv" else (storage.has_tables, "tables")
        )
        if not allowed:
            text = f"{manifest.name} may not do this: its plugin.toml has no {wanted} in [storage]."
            raise StorageError(Code.PERMISSION_DENIED, text)
        return await ask(kind, op, request, patience)

    return asked
