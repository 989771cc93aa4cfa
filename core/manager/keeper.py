"""The only one who writes the bucket of settings; the router deletes what gone plugins had."""

import asyncio
import logging
from collections.abc import Callable, Iterable

from core.config import Config
from core.manager import switches
from core.manager.overlay import in_force
from rosey import clock, subjects
from rosey.bus import Bus
from rosey.settings import InForce, SetHere, SetInRooms

log = logging.getLogger("core.manager")

LOOK_EVERY = 0.5

Change = Callable[[SetHere], SetHere]


class Keeper:
    """`config` and `plugins` are asked again and again; what they say may change."""

    def __init__(
        self, bus: Bus, config: Callable[[], Config], plugins: Callable[[], Iterable[str]]
    ) -> None:
        self._bus = bus
        self._bucket = bus.bucket(subjects.SETTINGS_BUCKET)
        self._config = config
        self._plugins = plugins
        self._one_at_a_time = asyncio.Lock()

    async def set_for(self, plugin: str) -> SetInRooms:
        """What people have set for it; nothing when that cannot be read."""
        value = await self._bucket.get(subjects.set_in_rooms(plugin))
        try:
            return SetInRooms.read(value) if value else SetInRooms()
        except ValueError as problem:
            log.warning("what was set for %s cannot be read: %s", plugin, problem)
            return SetInRooms()

    async def change(self, plugin: str, channel: str, change: Change) -> None:
        """Changes what is set in a room. When this returns everybody can know."""
        async with self._one_at_a_time:
            chosen = await self.set_for(plugin)
            fresh = change(chosen.rooms.get(channel, SetHere()))
            others = {room: here for room, here in chosen.rooms.items() if room != channel}
            own = {channel: fresh} if fresh != SetHere() else {}
            chosen = SetInRooms(rooms={**others, **own})
            await self._bucket.put(subjects.set_in_rooms(plugin), chosen.wire())
            await self._tell(plugin, chosen)

    async def refresh(self) -> None:
        """Brings what holds up to date, for every plugin."""
        for plugin in self._plugins():
            async with self._one_at_a_time:
                await self._tell(plugin, await self.set_for(plugin))

    async def follow(self) -> None:
        """Until cancelled: what changes in rosey.toml, and plugins that are new."""
        before = None
        while True:
            now = (self._config(), list(self._plugins()))
            if now != before:
                await self.refresh()
                before = now
            await asyncio.sleep(LOOK_EVERY)

    async def _tell(self, plugin: str, chosen: SetInRooms) -> None:
        """Written only when it differs, so that nobody reads for nothing."""
        key, config = subjects.in_force(plugin), self._config()
        held, wanted = await self._bucket.get(key), in_force(config, plugin, chosen)
        if held == wanted.wire():
            return
        before = _read(plugin, held) or in_force(config, plugin, SetInRooms())
        # Before it holds: a crash in between lets it be told again, with the same id.
        revision = await self._bucket.revision(key)
        for change in switches.changes(plugin, before, wanted, chosen, revision, clock.now()):
            await self._bus.store(subjects.lifecycle(change.event), change.wire(), change.id)
        await self._bucket.put(key, wanted.wire())


def _read(plugin: str, held: bytes | None) -> InForce | None:
    """None for nothing, and for what makes no sense."""
    try:
        return InForce.read(held) if held else None
    except ValueError as problem:
        log.warning("the settings of %s cannot be read and are written anew: %s", plugin, problem)
        return None
