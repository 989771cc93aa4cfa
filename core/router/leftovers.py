"""What plugins that are gone have left on the bus: streams with their consumers, and keys."""

import logging
from collections import defaultdict
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field

import nats.errors
from nats.js.api import StreamInfo
from nats.js.errors import Error as JetStreamError
from nats.js.errors import NotFoundError

from rosey import streams, subjects
from rosey.bus import Bus, BusError
from rosey.room_commands import CORE

log = logging.getLogger("core.router")

BUCKETS = (subjects.PLUGINS_BUCKET, subjects.LISTENING_BUCKET, subjects.SETTINGS_BUCKET)


@dataclass
class Left:
    """What there is of one plugin: names of streams, and keys with their buckets."""

    streams: list[str] = field(default_factory=list)
    keys: list[tuple[str, str]] = field(default_factory=list)

    def __str__(self) -> str:
        return ", ".join([*self.streams, *(f"{key} in {bucket}" for bucket, key in self.keys)])


async def sweep(bus: Bus, plugins: Collection[str], alive: Callable[[str], bool]) -> bool:
    """Deletes what others than `plugins` have left, but nothing of one that still runs.

    Returns whether all is gone. Raises BusError.
    """
    try:
        found = await _find(bus, {*plugins, CORE})
        running = {plugin for plugin in found if alive(plugin)}
        for plugin in sorted(found.keys() - running):
            await _delete(bus, found[plugin])
            log.info("%s is gone, and what it left on the bus: %s", plugin, found[plugin])
    except (nats.errors.Error, JetStreamError, TimeoutError) as problem:
        raise BusError(f"what plugins have left cannot be deleted: {problem}") from problem
    return not running


async def _find(bus: Bus, plugins: Collection[str]) -> dict[str, Left]:
    """By plugin, of all but these."""
    found: defaultdict[str, Left] = defaultdict(Left)
    for each in await _streams(bus):
        if plugin := streams.owner(each.config):
            found[plugin].streams.append(each.config.name or "")
    for bucket in BUCKETS:
        for key in await bus.bucket(bucket).keys():
            if plugin := _owner(bucket, key):
                found[plugin].keys.append((bucket, key))
    return {plugin: left for plugin, left in found.items() if plugin not in plugins}


async def _streams(bus: Bus) -> list[StreamInfo]:
    """All of them; the server gives them in parts."""
    found: list[StreamInfo] = []
    while some := await bus.js.streams_info(len(found)):
        found += some
    return found


def _owner(bucket: str, key: str) -> str | None:
    """The plugin that a key is of."""
    first, _, rest = key.partition(".")
    of_plugin = rest if bucket == subjects.SETTINGS_BUCKET else first
    return of_plugin if streams.PLUGIN_NAME.fullmatch(of_plugin) else None


async def _delete(bus: Bus, left: Left) -> None:
    for name in left.streams:
        with suppress(NotFoundError):  # another router was faster
            await bus.js.delete_stream(name)
    for bucket, key in left.keys:
        await bus.bucket(bucket).purge(key)
