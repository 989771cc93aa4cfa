"""The plugin manager in the host's process: on the bus whenever there is one."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import nats.errors
from nats.js.errors import Error as JetStreamError

from core import config as configuration
from core.authority.login import enter, stay
from core.authority.rights import MANAGER
from core.config import Config
from core.errors import UnknownName, UserError
from core.manager import texts
from core.manager.commands import commands
from core.manager.keeper import Keeper
from core.manager.manager import Host, Manager
from core.plugin_host.host import PluginHost
from core.plugins import ROOM
from core.watched import Watched
from rosey import streams, tasks
from rosey.bus import Bus, BusError
from rosey.manifest import Storage
from rosey.room_commands import MANAGER_KEY

log = logging.getLogger("core.manager")

AGAIN = 0.5
# By what name somebody at the command line has set something.
OPERATOR = "operator"
PROBLEMS = (BusError, UserError, nats.errors.Error, JetStreamError, TimeoutError)

MANIFEST = ROOM.model_copy(
    update={"summary": "Plugins and their settings", "entry": "", "storage": Storage()}
)


class ManagerService:
    """Answers the room's commands about plugins, and the host's control socket."""

    def __init__(self, data: Path, config: Config, url: str, host: Host) -> None:
        self._data = data
        self._start = config
        self._url = url
        self._host = host
        self._config: Watched[Config] | None = None
        self._manager: Manager | None = None

    async def run(self) -> None:
        """Until cancelled. NATS may be away at first and at any time later."""
        said = ""
        while True:
            try:
                await self._work()
            except PROBLEMS as problem:
                if str(problem) != said:
                    said = str(problem)
                    log.info("the plugin manager waits: %s", said)
            except Exception:  # its bug must not end the host, which keeps everything else running
                log.exception("the plugin manager failed and begins anew")
            await asyncio.sleep(AGAIN)

    async def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """What the command line asks. Raises UserError."""
        if self._manager is None:
            raise UserError(texts.AWAY)
        try:
            return await self._answer(self._manager, request)
        except (BusError, nats.errors.Error, JetStreamError, TimeoutError) as problem:
            raise UserError(texts.AWAY) from problem

    async def _work(self) -> None:
        async with self._entered() as (bus, config):
            await bus.made(streams.manager_consumer())
            plugins = partial(configuration.plugin_names, self._data)
            keeper = Keeper(bus, lambda: config.value, plugins)
            await keeper.refresh()
            bus.on_reconnect(keeper.refresh)
            manager = Manager(bus, lambda: config.value, self._host, keeper)
            spec = streams.manager_consumer()
            host = PluginHost(bus, MANIFEST, commands(manager), consumer=spec, key=MANAGER_KEY)
            await host.start()
            self._config, self._manager = config, manager
            work = [asyncio.create_task(keeper.follow()), asyncio.create_task(stay(bus))]
            try:
                await asyncio.gather(*work)
            finally:
                self._manager = None
                await tasks.end(*work)
                await host.stop()

    @asynccontextmanager
    async def _entered(self) -> AsyncIterator[tuple[Bus, Watched[Config]]]:
        bus = await enter(self._url, "manager", self._data, self._start.nats, MANAGER)
        try:
            async with Watched(lambda: configuration.load(self._data, self._start.file)) as config:
                yield bus, config
        finally:
            await bus.drain()

    async def _answer(self, manager: Manager, request: dict[str, Any]) -> dict[str, Any]:
        match request:
            case {"do": "list"}:
                return {"plugins": await manager.table(self._rooms())}
            case {"do": "enable" | "disable" as do, "name": str(name)}:
                rooms = self._chosen(request.get("room"))
                on = do == "enable"
                return {
                    "rooms": {
                        room: await manager.switch(name, room, on, OPERATOR) for room in rooms
                    }
                }
        raise UserError("The plugin manager understands list, enable and disable.")

    def _rooms(self) -> list[str]:
        """Those that the configuration speaks of."""
        assert self._config
        config = self._config.value
        joined = [connection.channel for connection in config.connections]
        return list(dict.fromkeys([*joined, *config.channels]))

    def _chosen(self, room: str | None) -> list[str]:
        rooms = self._rooms()
        if room is None:
            return rooms
        if room not in rooms:
            raise UnknownName("room", room, rooms)
        return [room]
