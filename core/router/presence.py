"""Which plugins are there: judged by when they were heard of, not by the clocks of machines."""

import time
from collections.abc import Iterable

from rosey import clock
from rosey.events import PluginPresence
from rosey.room_commands import answering

ALIVE_FOR = 5.0


class Presences:
    """The newest word of each plugin, and until when it counts."""

    def __init__(self) -> None:
        self._known: dict[str, PluginPresence] = {}
        self._until: dict[str, float] = {}

    def hear(self, plugin: str, presence: PluginPresence | None) -> bool:
        """Takes a plugin's word, None when its entry is gone; whether what it is there for changed.

        The first that is heard of a plugin may have lain there for long, so its time counts. One
        that is renewed while we listen is alive, whatever its clock shows. Raises ValueError for
        the word of one plugin in the name of another.
        """
        known = self._known.get(plugin)
        if presence is not None and plugin.partition(".")[0] != presence.plugin:
            raise ValueError(f"it speaks for {presence.plugin!r}")
        if presence is None:
            self._until.pop(plugin, None)
            return self._known.pop(plugin, None) is not None
        self._known[plugin] = presence
        if known is not None or _is_recent(presence):
            self._until[plugin] = time.monotonic() + ALIVE_FOR
        return known is None or (known.commands, known.hears) != (presence.commands, presence.hears)

    async def wait_again(self) -> None:
        """The bus was away or took nothing, and nobody was heard: all have time for a word."""
        for plugin in self._known:
            self._until[plugin] = time.monotonic() + ALIVE_FOR

    @property
    def known(self) -> Iterable[PluginPresence]:
        return self._known.values()

    def alive(self, plugin: str, action: str = "") -> bool:
        """Whether it answers, or of several processes the one that has that action."""
        return time.monotonic() <= self._until.get(answering(plugin, action), 0.0)

    def actions(self, plugin: str) -> set[str]:
        """What it can be asked for in chat."""
        known = [each.commands for each in self._known.values() if each.plugin == plugin]
        return {command.action for commands in known for command in commands}

    def states(self) -> dict[str, bool]:
        """Which are alive, by name."""
        return {plugin: self.alive(plugin) for plugin in sorted(self._known)}


def _is_recent(presence: PluginPresence) -> bool:
    return abs((clock.now() - presence.alive_at).total_seconds()) <= ALIVE_FOR
