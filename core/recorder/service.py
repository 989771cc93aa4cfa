"""The process behind `bin/rosey recorder`."""

import asyncio
import logging
from contextlib import AsyncExitStack
from pathlib import Path

from core import config as configuration
from core.authority.login import enter, stay
from core.authority.rights import RECORDER
from core.config import LOUNGE
from core.host import notify
from core.plugin_host.host import PluginHost
from core.plugins import ROOM, load
from core.recorder.last_line import LastLines
from core.recorder.mydata import MyData
from core.recorder.recorder import Recorder
from core.recorder.retention import forget_old
from core.runtime import find
from core.watched import Watched
from rosey import tasks
from rosey.bus import Bus
from rosey.channels import Channel
from rosey.storage import Database

log = logging.getLogger("core.recorder")


async def run(data: Path, config: Path | None) -> None:
    """Records until cancelled. Needs no database to begin."""
    async with AsyncExitStack() as stack:
        settings = Watched(lambda: configuration.load(data, config))
        await stack.enter_async_context(settings)
        nats = find(data).addresses.nats
        bus = await enter(nats, "recorder", data, settings.value.nats, RECORDER)
        stack.push_async_callback(bus.drain)

        def keep_days() -> int:
            return settings.value.recorder.keep_days

        def guests_may(channel: str) -> bool:
            """In the lounge, where few have accounts."""
            return any(
                each.platform == LOUNGE and each.name == Channel.parse(channel).connection
                for each in settings.value.connections
            )

        database = Database.on(bus, ROOM.name)
        mydata = MyData(lambda owner: Database.on(bus, owner), data, keep_days, guests_may)
        await _answer(stack, bus, LastLines(database, keep_days), mydata)
        work = [
            asyncio.create_task(Recorder(bus, database, keep_days).run(), name="record"),
            asyncio.create_task(forget_old(database, keep_days), name="forget"),
            asyncio.create_task(stay(bus), name="stay"),
        ]
        stack.push_async_callback(tasks.end, *work)
        notify.ready()
        log.info("ready")
        await asyncio.gather(*work)


async def _answer(stack: AsyncExitStack, bus: Bus, memory: LastLines, mydata: MyData) -> None:
    """The room's own commands, and plugins' questions to its memory."""
    host = PluginHost(bus, ROOM, memory.beside(mydata.beside(load(ROOM.entry))))
    await host.start()
    stack.push_async_callback(host.stop)
