"""What happens in rooms goes to the plugins that hear it, as commands that nobody typed."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping

from core.config import Config
from core.room_settings import RoomSettings
from core.router.presence import Presences
from core.router.sparingly import Sparingly
from rosey import clock, streams, subjects
from rosey.bus import Bus, Delivery, StreamFull
from rosey.events import Command, Message, PluginEvent, UserEvent
from rosey.heard import (
    EVENTS,
    PLUGINS,
    PREFIX,
    TOLD_KINDS,
    AboutActions,
    RoomEvent,
    subject_of,
    time_of,
)
from rosey.manifest import PluginManifest
from rosey.names import name_key
from rosey.routing.exchange import command_of_event

log = logging.getLogger("core.router")

# What is older, in seconds, is not news: a router that comes back late greets nobody.
NEWS_FOR = 60.0
# So long the bus knows what it has told already, in seconds; later it could be told twice.
KNOWN_FOR = streams.DUPLICATE_WINDOW
# What plays and stands on the list stays so: who keeps account of it has to hear of each change.
LASTING = {
    "connection.up",
    "connection.down",
    "media.change",
    "media.end",
    "playlist.change",
    "sent",
    "refused",
}


class Heard:
    """Knows who hears what, from their entries and as far as their manifests allow."""

    def __init__(
        self,
        bus: Bus,
        config: Callable[[], Config],
        settings: RoomSettings,
        presences: Presences,
        manifests: Mapping[str, PluginManifest],
    ) -> None:
        self.bus = bus
        self.in_lines = False
        self._config = config
        self._settings = settings
        self._presences = presences
        self._manifests = manifests
        self._hearers: dict[str, list[str]] = {}
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._telling_full = Sparingly()
        self.know()

    def learn(self, manifests: Mapping[str, PluginManifest]) -> None:
        """Goes on with other plugins than those it began with."""
        self._manifests = manifests
        self.know()

    def know(self) -> None:
        """To be called when the plugins' entries have changed."""
        self._hearers = {}
        for presence in self._presences.known:
            manifest = self._manifests.get(presence.plugin)
            for name in presence.hears:
                if manifest and manifest.may_hear(subject_of(name)):
                    self._hearers.setdefault(name, []).append(presence.plugin)
                else:
                    log.warning("%s may not hear %s by its plugin.toml", presence.plugin, name)
        self._remember_lasting()
        self.in_lines = bool({"message", "pm"} & self._hearers.keys())

    def _remember_lasting(self) -> None:
        """What lasts is kept for a plugin that has not said yet that it is there."""
        for plugin, manifest in self._manifests.items():
            of_plugins = [
                each.removeprefix("rosey.")
                for each in manifest.hears
                if _lasts(each.removeprefix("rosey."))
            ]
            for name in [*LASTING, *of_plugins]:
                known = plugin in self._hearers.get(name, [])
                if subject_of(name) in manifest.hears and not known:
                    self._hearers.setdefault(name, []).append(plugin)

    async def on_event(self, delivery: Delivery) -> None:
        """Everything but lines, of one room in order, also while the bus is in trouble.

        Rosey's own coming and going is told to nobody.
        """
        name = delivery.subject.removeprefix(PREFIX)
        if name not in self._hearers:
            return
        event = EVENTS[name].read(delivery.data)
        assert not isinstance(event, Message)
        if isinstance(event, UserEvent) and self._is_rosey(event):
            return
        if isinstance(event, AboutActions) and not event.kind.startswith(TOLD_KINDS):
            return
        age = (clock.now() - time_of(event)).total_seconds()
        if name in LASTING or age <= NEWS_FOR:
            async with self._turns[event.channel]:
                await self._tell(name, event, delivery.seq)

    async def on_plugin_event(self, plugin: str, delivery: Delivery) -> None:
        """What a plugin tells of in a room where it is on; when it is too old it is known."""
        event = PluginEvent.read(delivery.data)
        # It may write only to its own subjects, but anything into them.
        event.plugin, event.event = plugin, delivery.subject.partition(".")[2]
        name = PLUGINS + delivery.subject
        age = (clock.now() - event.at).total_seconds()
        if name not in self._hearers or not event.channel or age > KNOWN_FOR:
            return
        if self._settings.of(event.channel, plugin) is None:
            return
        async with self._turns[event.channel]:
            await self._tell(name, event, delivery.seq)

    async def on_line(self, message: Message, seq: int) -> None:
        """A line that is no command."""
        await self._tell("pm" if message.pm else "message", message, seq)

    def _is_rosey(self, event: UserEvent) -> bool:
        who = (event.channel, name_key(event.user.name))
        return who in ((each.channel, name_key(each.user)) for each in self._config().connections)

    async def _tell(self, name: str, event: RoomEvent | PluginEvent, seq: int) -> None:
        """To each that is on in the room; those that are away miss it, unless it lasts."""
        config = self._config()
        there = [
            plugin
            for plugin in self._hearers.get(name, ())
            if self._settings.of(event.channel, plugin) is not None
            and (_lasts(name) or self._presences.alive(plugin))
        ]
        prefix = config.channel(event.channel).prefix
        commands = [command_of_event(name, event, plugin, seq, prefix) for plugin in there]
        await asyncio.gather(*map(self._store, commands))

    async def _store(self, command: Command) -> None:
        subject = subjects.command(command.plugin, command.action)
        try:
            await self.bus.store(subject, command.wire(), command.id)
        except StreamFull as problem:
            if self._telling_full.due(command.plugin):
                log.warning("%s does not hear of %s: %s", command.plugin, command.id, problem)


def _lasts(name: str) -> bool:
    """Whether it is told to a plugin that is away too; so is all that plugins tell of."""
    return name in LASTING or name.startswith(PLUGINS)
