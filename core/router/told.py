"""What plugins tell of is read only where another plugin hears it."""

from collections import defaultdict
from collections.abc import Mapping
from functools import partial

from core.router.readers import Handle
from rosey import streams
from rosey.bus import Bus, Consumer
from rosey.heard import PLUGINS, subject_of
from rosey.manifest import PluginManifest


class Told:
    """A consumer for each plugin that is heard; `handle` is given its name and the event."""

    def __init__(self, bus: Bus, handle: Handle) -> None:
        self._bus = bus
        self._handle = handle
        self._consumers: dict[str, Consumer] = {}
        self._read: dict[str, frozenset[str]] = {}

    async def read(self, manifests: Mapping[str, PluginManifest]) -> None:
        """From now on what these hear of each other, and nothing else."""
        wanted = heard_of(manifests)
        for plugin in sorted(manifests):
            events = wanted.get(plugin, frozenset())
            if self._read.get(plugin) != events:
                await self._renew(plugin, events)
        for plugin in self._read.keys() - manifests.keys():  # its stream goes, and this with it
            del self._read[plugin]
            await self._stop(plugin)

    async def _renew(self, plugin: str, events: frozenset[str]) -> None:
        spec = streams.told_consumer(plugin, events)
        if not events:  # what waits for nobody would be a backlog
            await self._stop(plugin)
            await self._bus.unmake(spec)
        else:
            await self._bus.make(spec)
            if plugin not in self._consumers:
                handle = partial(self._handle, plugin)
                self._consumers[plugin] = await self._bus.consume(spec, handle)
        self._read[plugin] = events

    async def _stop(self, plugin: str) -> None:
        if consumer := self._consumers.pop(plugin, None):
            await consumer.stop()


def heard_of(manifests: Mapping[str, PluginManifest]) -> dict[str, frozenset[str]]:
    """The events of each plugin that some other one's manifest lists."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    prefix = subject_of(PLUGINS)
    for manifest in manifests.values():
        for subject in manifest.hears:
            if subject.startswith(prefix):
                plugin, _, event = subject.removeprefix(prefix).partition(".")
                found[plugin].add(event)
    return {plugin: frozenset(events) for plugin, events in found.items()}
