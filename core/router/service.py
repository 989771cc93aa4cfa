"""The process behind `bin/rosey router`."""

import logging
from contextlib import AsyncExitStack
from pathlib import Path

from core import config as configuration
from core.authority.login import enter, stay
from core.authority.rights import ROUTER
from core.host import notify
from core.plugins import manifests
from core.router.execute import Executor
from core.router.router import Router
from core.runtime import find
from core.watched import Watched

log = logging.getLogger("core.router")


async def run(data: Path, config: Path | None) -> None:
    """Routes until cancelled."""
    async with AsyncExitStack() as stack:
        settings = Watched(lambda: configuration.load(data, config))
        await stack.enter_async_context(settings)
        nats = find(data).addresses.nats
        bus = await enter(nats, "router", data, settings.value.nats, ROUTER)
        stack.push_async_callback(bus.drain)
        router = Router(bus, lambda: settings.value, manifests())
        await router.start()
        stack.push_async_callback(router.stop)
        await Executor(bus, router).start()
        notify.ready()
        log.info("ready")
        await stay(bus)
