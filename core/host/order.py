"""While Rosey runs: NATS keeps to the manifests, and who does not is noticed and stopped."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from core import config as configuration
from core.authority.guard import Guard
from core.authority.keys import Keys
from core.authority.login import login
from core.authority.rights import HOST, Rights, everybody
from core.authority.server_rules import rules
from core.config import Config
from core.errors import UserError
from core.host import log_files, nats
from core.host.bulletin import Bulletin
from core.host.supervisor import Supervisor
from core.runtime import Runtime
from rosey.bus import Bus, BusError
from rosey.manifest import ManifestError

log = logging.getLogger("core.host")

RETRY_SECONDS = 0.5
RESTART_SECONDS = 10.0


class Order:
    """`server` is None for a NATS server of somebody else; `say` tells who typed `up`."""

    def __init__(
        self,
        data: Path,
        config: Config,
        server: nats.Server | None,
        supervisor: Supervisor,
        runtime: Runtime,
        bulletin: Bulletin,
        say: Callable[[str], None],
    ) -> None:
        self._data = data
        self._config = config
        self._server = server
        self._supervisor = supervisor
        self._runtime = runtime
        self._bulletin = bulletin
        self._say = say
        self._guard: Guard | None = None

    async def keep(self) -> None:
        """Until cancelled."""
        watches = [self._watch()]
        if self._server is not None:
            watches.append(nats.follow(self._server, self._rules, self._pid, self._say))
            watches.append(nats.mend(self._server, self._restart, self._tell))
        await asyncio.gather(*watches)

    def forgive(self, process: str) -> None:
        """Somebody has restarted the process."""
        if self._guard:
            self._guard.forgive(process)

    async def renew(self) -> None:
        """Tells NATS now of what has changed. Raises UserError when that cannot be."""
        if self._server is None:
            return
        try:
            await nats.renew(self._server, self._rules, self._pid, self._say)
        except (ManifestError, OSError) as problem:
            raise UserError(f"NATS keeps its old rules: {problem}") from problem

    def _everybody(self) -> list[Rights]:
        return everybody(configuration.load(self._data, self._config.file), self._data)

    def _rules(self) -> dict[str, Any]:
        return rules(Keys(self._data), self._everybody())

    def _names(self) -> dict[str, str]:
        keys = Keys(self._data)
        return {keys.public(rights.name): rights.name for rights in self._everybody()}

    def _pid(self) -> int | None:
        return self._supervisor.processes[nats.NAME].state.pid

    def _tell(self, wrong: str) -> None:
        self._bulletin.turn(nats.NAME, wrong, "NATS is well again")

    async def _restart(self) -> None:
        """One that is still not well afterwards must not end the looking after it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(RESTART_SECONDS):
                await self._supervisor.restart([nats.NAME])

    async def _watch(self) -> None:
        us = login(self._data, self._config.nats, HOST)
        bus = await _connected(lambda: Bus.connect(self._runtime.addresses.nats, "host", us))
        self._guard = Guard(bus, self._names, self._counted, self._stop)
        file = log_files.path(self._data, nats.NAME) if self._server else None
        try:
            await self._guard.watch(file)
        finally:
            await bus.drain()

    def _counted(self, who: str, count: int) -> None:
        self._runtime.violations[who] = count
        self._bulletin.write()

    async def _stop(self, plugin: str, why: str) -> None:
        if plugin in self._supervisor.processes:
            await self._supervisor.processes[plugin].hold(why)


async def _connected(connect: Callable[[], Awaitable[Bus]]) -> Bus:
    while True:
        try:
            return await connect()
        except BusError as problem:
            log.info("the host waits for NATS: %s", problem)
            await asyncio.sleep(RETRY_SECONDS)
