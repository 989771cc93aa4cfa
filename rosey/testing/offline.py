"""Rosey without a server: one plugin, and what she says when somebody says something."""

import logging
import random

from pydantic import BaseModel

from rosey import clock
from rosey.contracts.storage import Code
from rosey.events import Action, Command, Happening, Message, Outcome, PluginPresence
from rosey.handling import handle, reply_to
from rosey.manifest import PluginManifest, Storage
from rosey.plugin import Context, Plugin
from rosey.routing import texts
from rosey.routing.commands import OWN, Found, Group, Unknown, resolve, table
from rosey.routing.exchange import actions_of, command_of, own_answer
from rosey.routing.policy import CoolDowns, refusal
from rosey.storage import Database, StorageError
from rosey.storage.client import Ask
from rosey.testing.database import MemoryDatabase

log = logging.getLogger("rosey.testing")


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
    ) -> None:
        self.manifest = manifest
        self.random = random.Random(seed)
        self.events: list[Happening] = []
        self.tables = MemoryDatabase(manifest.storage.tables)
        self.database: Database | None = None
        if manifest.storage != Storage():
            self.database = Database(_as_declared(manifest, self.tables))
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
                return [own_answer(message, texts.group_help(prefix, group))]
            case Unknown(word, near) if near:
                return [own_answer(message, texts.unknown(prefix, word, near))]
        return []

    async def _on_command(self, message: Message, found: Found) -> list[Action]:
        prefix = self._prefix
        if found.command in OWN:
            states = {self.manifest.name: True}
            answer = texts.own(found, prefix, self._words, message.user.rank, states)
            return [own_answer(message, answer)]
        if refused := refusal(message, prefix, found, True, self._cooldowns):
            return [own_answer(message, refused)]
        name, action = found.plugin, found.command.action
        return await self.give(command_of(message, name, action, found.rest, prefix=prefix))

    def handles(self, action: str) -> bool:
        return action in self._plugin.handlers

    async def give(self, command: Command) -> list[Action]:
        """What comes of a command; its events are in `events`. Raises NeedsReal as `hear`."""
        workflows = _Workflows() if self.manifest.workflows else None
        # Handlers get the Command that came over the bus, so no object of the test's own.
        command = Command.read(command.wire())
        context = Context(command, self._settings, workflows, self.database, self.random)
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
