"""What happens in rooms goes to the plugins that hear it, as commands that nobody typed."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping

from core.config import Config
from core.room_settings import RoomSettings
from core.router.presence import Presences
from core.router.sparingly import Sparingly
from rosey import clock, subjects
from rosey.bus import Bus, Delivery, StreamFull
from rosey.events import Command, Message, UserEvent
from rosey.heard import EVENTS, PREFIX, TOLD_KINDS, AboutActions, RoomEvent, time_of
from rosey.manifest import PluginManifest
from rosey.names import name_key
from rosey.routing.exchange import command_of_event

log = logging.getLogger("core.router")

# What is older, in seconds, is not news: a router that comes back late greets nobody.
NEWS_FOR = 60.0
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
                if manifest and manifest.may_hear(PREFIX + name):
                    self._hearers.setdefault(name, []).append(presence.plugin)
                else:
                    log.warning("%s may not hear %s by its plugin.toml", presence.plugin, name)
        self._remember_lasting()
        self.in_lines = bool({"message", "pm"} & self._hearers.keys())

    def _remember_lasting(self) -> None:
        """What lasts is kept for a plugin that has not said yet that it is there."""
        for plugin, manifest in self._manifests.items():
            for name in LASTING:
                known = plugin in self._hearers.get(name, [])
                if PREFIX + name in manifest.hears and not known:
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

    async def on_line(self, message: Message, seq: int) -> None:
        """A line that is no command."""
        await self._tell("pm" if message.pm else "message", message, seq)

    def _is_rosey(self, event: UserEvent) -> bool:
        who = (event.channel, name_key(event.user.name))
        return who in ((each.channel, name_key(each.user)) for each in self._config().connections)

    async def _tell(self, name: str, event: RoomEvent, seq: int) -> None:
        """To each that is on in the room; those that are away miss it, unless it lasts."""
        config = self._config()
        there = [
            plugin
            for plugin in self._hearers.get(name, ())
            if self._settings.of(event.channel, plugin) is not None
            and (name in LASTING or self._presences.alive(plugin))
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
