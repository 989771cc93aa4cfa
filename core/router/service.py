"""The process behind `bin/rosey router`."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

from core import config as configuration
from core.authority.login import enter, stay
from core.authority.rights import ROUTER
from core.config import Config
from core.host import notify
from core.installed import places
from core.plugins import folders, manifests
from core.router.execute import Executor
from core.router.router import Router
from core.runtime import find
from core.watched import Watched
from rosey.bus import Bus, BusError

log = logging.getLogger("core.router")

LOOK_EVERY = 1.0


async def run(data: Path, config: Path | None) -> None:
    """Routes until cancelled."""
    async with AsyncExitStack() as stack:
        settings = Watched(lambda: configuration.load(data, config))
        await stack.enter_async_context(settings)
        nats = find(data).addresses.nats
        bus = await enter(nats, "router", data, settings.value.nats, ROUTER)
        stack.push_async_callback(bus.drain)
        router = Router(bus, lambda: settings.value, manifests(data))
        await router.start()
        stack.push_async_callback(router.stop)
        await Executor(bus, router).start()
        following = asyncio.create_task(follow_connections(bus, lambda: settings.value))
        stack.callback(following.cancel)
        learning = asyncio.create_task(follow_plugins(router, data))
        stack.callback(learning.cancel)
        notify.ready()
        log.info("ready")
        await stay(bus)


async def follow_plugins(router: Router, data: Path) -> None:
    """A plugin that was installed since needs its streams, and its replies a reader.

    What is left of one that is gone is deleted, also when it went while no router was there.
    """
    known, is_clean = places.stamp(data), False
    while True:
        await asyncio.sleep(LOOK_EVERY)
        wanted = places.stamp(data)
        try:
            if wanted != known:
                await router.learn(manifests(data))
                known, is_clean = wanted, False
            if not is_clean:
                # One that cannot be read at the moment is there all the same.
                is_clean = await router.sweep({*folders(data), *places.names(data)})
        except BusError as problem:
            log.warning("new plugins wait for NATS: %s", problem)


async def follow_connections(bus: Bus, config: Callable[[], Config]) -> None:
    """A connection that is new in the configuration needs its consumer."""
    declared = config().connections
    while True:
        await asyncio.sleep(LOOK_EVERY)
        wanted = config().connections
        if wanted == declared:
            continue
        try:
            await bus.declare(connections=[connection.name for connection in wanted])
            declared = wanted
        except BusError as problem:
            log.warning("new connections wait for NATS: %s", problem)
