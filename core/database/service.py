"""The process behind `bin/rosey database`: answers `db.<kind>.<plugin>.<op>`."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from sqlalchemy import text

from core import config as configuration
from core.authority.login import enter, stay
from core.authority.rights import DATABASE
from core.database.desk import Desk, Part
from core.database.intake import Intake
from core.database.keys import Keys
from core.database.own_tables import own
from core.database.pulse import Pulse
from core.database.store import Store, address
from core.database.sweep import keep_sweeping
from core.database.writes import Writer
from core.host import notify
from core.host.troubles import ABOUT_DATABASE
from core.runtime import find
from rosey import clock, ids, subjects
from rosey.bus import Bus
from rosey.events import Health

log = logging.getLogger("core.database")

# A database that hangs does not hold up the end of the process.
CLOSE_PATIENCE = 0.3
# Any number, the same for all who prepare a database.
PREPARING = 70_711_971


def parts(store: Store, writer: Writer) -> dict[str, Part]:
    """Who answers which kind of request."""
    return {"kv": Keys(store, writer)}


async def prepare(store: Store) -> None:
    """Makes the database fit for `parts`; does nothing where it is. Raises Refusal."""
    async with store.write() as connection:
        if not store.is_sqlite:
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({PREPARING})"))
        await connection.run_sync(own.create_all)


async def run(data: Path, config: Path | None) -> None:
    """Answers until cancelled, and then what is in hand. Raises UserError."""
    settings = configuration.load(data, config)
    async with AsyncExitStack() as stack:
        store = Store(address(data))
        stack.push_async_callback(_close, store)
        bus = await enter(find(data).addresses.nats, "database", data, settings.nats, DATABASE)
        stack.push_async_callback(bus.drain)
        await serve(bus, store, stack)
        notify.ready()
        log.info("ready")
        await stay(bus)


async def serve(bus: Bus, store: Store, stack: AsyncExitStack) -> None:
    """Answers until `stack` is closed. A database that is away may come later."""

    async def tell(ok: bool, what: str) -> None:
        now = clock.now()
        id = ids.derive("h", subjects.HEALTH, ABOUT_DATABASE, now.timestamp())
        health = Health(id=id, at=now, ok=ok, about=ABOUT_DATABASE, what=what)
        await bus.publish(subjects.HEALTH, health.wire())

    pulse = Pulse(store, lambda: prepare(store), tell)
    stack.push_async_callback(pulse.close)
    chosen = parts(store, Writer(store))
    stack.push_async_callback(_close_parts, chosen)
    intake = Intake(bus, Desk(chosen, pulse.note), pulse)
    await intake.start()
    stack.push_async_callback(intake.stop)
    await pulse.look()
    for work in (pulse.run(), keep_sweeping(store)):
        stack.push_async_callback(_ended, asyncio.create_task(work))


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task], timeout=CLOSE_PATIENCE)


async def _close_parts(chosen: Mapping[str, Part]) -> None:
    for part in chosen.values():
        if isinstance(part, Keys):
            await part.close()


async def _close(store: Store) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_PATIENCE):
            await store.close()
