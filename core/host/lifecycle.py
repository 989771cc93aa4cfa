"""What becomes of plugins' processes, told on the bus as `plugin.<event>`, each once, in order."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from contextlib import suppress

import nats.errors

from core.host.process import KeptProcess
from rosey import clock, ids, subjects
from rosey.bus import Bus, BusError
from rosey.events import PluginChange

log = logging.getLogger("core.host")

# While the bus is away so many wait, and then the oldest are forgotten.
MOST_UNSAID = 1000
AGAIN_SECONDS = 0.5
# States that are events; after these three a process that comes back has been started anew.
TOLD = {
    "crashed": "crashed",
    "failed": "failed",
    "restricted": "disabled",
    "disabled": "disabled",
    "stopped": "stopped",
}
OVER = ("failed", "disabled", "stopped")


class Lifecycle:
    """Turns states into events; `version` reads the one that a plugin has at the moment."""

    def __init__(self, version: Callable[[str], str]) -> None:
        self._version = version
        self._versions: dict[str, str] = {}
        self._pids: dict[str, int | None] = {}
        self._reasons: dict[str, str] = {}
        self._unsaid: deque[PluginChange] = deque(maxlen=MOST_UNSAID)
        self._news = asyncio.Event()
        self._said = asyncio.Event()
        self._said.set()

    def changed(self, process: KeptProcess) -> None:
        """Takes note of a new state; never waits."""
        state = process.state.state
        if not process.spec.plugin:
            return
        if state == "ready":
            self._begun(process.name, process.state.pid)
        elif event := TOLD.get(state):
            reason = "" if state == "stopped" else process.state.last_error or ""
            self._note(process.name, event, self._pids.get(process.name), reason)
            self._reasons[process.name] = reason
            if event in OVER:
                self._pids.pop(process.name, None)

    def reloaded(self, plugin: str, pid: int | None) -> None:
        """New code goes on in the process `pid`; said before the process shows itself."""
        self._versions[plugin] = self._version(plugin)
        self._pids[plugin] = pid
        self._note(plugin, "reloaded", pid, "")

    def _begun(self, plugin: str, pid: int | None) -> None:
        known = self._pids.get(plugin)
        if known == pid:
            return  # it was doubted, and is trusted again
        self._versions[plugin] = self._version(plugin)
        self._pids[plugin] = pid
        why = self._reasons.pop(plugin, "")
        if known is None:
            self._note(plugin, "started", pid, "")
        else:
            self._note(plugin, "restarted", pid, why or "somebody asked for it")

    def _note(self, plugin: str, event: str, pid: int | None, reason: str) -> None:
        at = clock.now()
        if plugin not in self._versions:
            self._versions[plugin] = self._version(plugin)
        change = PluginChange(
            id=ids.derive("p", event, plugin, pid, at.timestamp()),
            event=event,
            plugin=plugin,
            version=self._versions[plugin],
            pid=pid,
            reason=reason,
            at=at,
        )
        if len(self._unsaid) == MOST_UNSAID:
            lost = self._unsaid[0]
            log.warning("the bus is away too long: %s %s is not told", lost.plugin, lost.event)
        self._unsaid.append(change)
        self._said.clear()
        self._news.set()

    async def tell(self, bus: Bus) -> None:
        """Until cancelled, or until the server does not want us any more."""
        while not bus.client.is_closed:
            while self._unsaid:
                change = self._unsaid[0]
                try:
                    await bus.store(subjects.lifecycle(change.event), change.wire(), change.id)
                except (BusError, nats.errors.Error, TimeoutError) as problem:
                    log.debug("%s waits: %s", change.event, problem)
                    await asyncio.sleep(AGAIN_SECONDS)
                    break
                # It may have been forgotten meanwhile.
                if self._unsaid[0] is change:
                    self._unsaid.popleft()
            else:
                self._said.set()
                self._news.clear()
                await self._news.wait()

    async def told(self, patience: float) -> None:
        """Waits up to `patience` seconds until the bus has all there is."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._said.wait()
