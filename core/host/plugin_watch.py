"""What the host tells and hears of plugins on the bus, over a connection of its own."""

import asyncio
import logging
from pathlib import Path

from core.authority.login import login
from core.authority.rights import HOST
from core.config import NatsConfig
from core.errors import UserError
from core.host.lifecycle import Lifecycle
from core.host.pulse import Pulse
from core.plugins import folders
from rosey.bus import Bus, BusError
from rosey.manifest import ManifestError, load_plugin
from rosey.tasks import end

log = logging.getLogger("core.host")

CONNECT_AGAIN = 0.5


async def watch(
    data: Path, settings: NatsConfig, url: str, lifecycle: Lifecycle, pulse: Pulse
) -> None:
    """Until cancelled. NATS may be away at first and at any time later."""
    try:
        us = login(data, settings, HOST)
    except UserError as problem:
        log.warning("nobody is told what becomes of plugins: %s", problem)
        return
    while True:
        try:
            bus = await Bus.connect(url, "host", us)
        except BusError as problem:
            log.debug("what becomes of plugins waits for NATS: %s", problem)
        else:
            await _on(bus, lifecycle, pulse)
        await asyncio.sleep(CONNECT_AGAIN)


async def _on(bus: Bus, lifecycle: Lifecycle, pulse: Pulse) -> None:
    """Until one of both cannot go on, which a new connection may mend."""
    work = (lifecycle.tell(bus), pulse.watch(bus), bus.ended())
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        await asyncio.wait(tasks, return_when="FIRST_COMPLETED")
    finally:
        for problem in await end(*tasks):
            if isinstance(problem, Exception):
                log.warning("what becomes of plugins waits: %r", problem)
        await bus.drain()


def version(plugin: str, data: Path) -> str:
    """What its manifest says at the moment; empty when it cannot be read."""
    folder = folders(data).get(plugin)
    try:
        return load_plugin(folder).version if folder else ""
    except ManifestError:
        return ""
