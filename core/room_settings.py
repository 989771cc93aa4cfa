"""What plugins have in each room: as the plugin manager says on the bus, else by rosey.toml."""

import logging
from collections.abc import Callable
from typing import Any

from core.config import Config
from rosey import subjects
from rosey.bus import Bus
from rosey.settings import ELSEWHERE, InForce

log = logging.getLogger("core.settings")

NOW = subjects.in_force("")


class RoomSettings:
    """Knows what rosey.toml says until `follow` has read the bus."""

    def __init__(self, config: Callable[[], Config]) -> None:
        self._config = config
        self._now: dict[str, InForce] = {}

    async def follow(self, bus: Bus, plugin: str = "") -> None:
        """Reads what holds and hears of every change, of one plugin or of all."""
        only = subjects.in_force(plugin) if plugin else ""
        await bus.mirror(subjects.SETTINGS_BUCKET, self._changed, only)

    def of(self, channel: str, plugin: str) -> dict[str, Any] | None:
        """The plugin's options there; None when it is switched off."""
        if now := self._now.get(plugin):
            return now.of(channel)
        return self._config().plugin(channel, plugin)

    def where(self, plugin: str) -> list[str]:
        """The rooms where it is on, of those that are known."""
        if now := self._now.get(plugin):
            known = [room for room in now.rooms if room != ELSEWHERE]
        else:
            known = [connection.channel for connection in self._config().connections]
        return [room for room in known if self.of(room, plugin) is not None]

    def _changed(self, key: str, value: bytes | None) -> None:
        if not key.startswith(NOW):
            return
        plugin = key.removeprefix(NOW)
        if value is None:
            self._now.pop(plugin, None)
            return
        try:
            self._now[plugin] = InForce.read(value)
        except ValueError as problem:
            log.warning("the settings of plugin %s cannot be read: %s", plugin, problem)
