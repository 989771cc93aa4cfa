"""The process behind `bin/rosey database`: answers `db.<kind>.<plugin>.<op>`."""

import asyncio
import logging
import sys
from collections.abc import Coroutine, Mapping
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

from core import config as configuration
from core.authority.login import enter, stay
from core.authority.rights import DATABASE
from core.database.desk import Desk, Part
from core.database.intake import Intake
from core.database.keys import Keys
from core.database.migrations import Migrations
from core.database.problems import Refusal
from core.database.pulse import Pulse
from core.database.rows import Rows
from core.database.shapes import Shapes
from core.database.statements import Statements
from core.database.store import Store, address
from core.database.sweep import keep_checkpointing, keep_sweeping
from core.database.writes import Writer
from core.errors import UserError
from core.host import notify
from core.host.troubles import ABOUT_DATABASE
from core.installed import places
from core.plugins import MIGRATIONS, manifests
from core.runtime import find
from rosey import clock, ids, subjects
from rosey.bus import Bus
from rosey.events import Health
from rosey.manifest import ManifestError, PluginManifest

log = logging.getLogger("core.database")

# Who reads from the bus and who works in SQLite take turns. With Python's usual 5 ms each waits for
# the other longer than for the database. Seconds.
TURN = 0.001
# A database that hangs does not hold up the end of the process.
CLOSE_PATIENCE = 0.3
LOOK_EVERY = 1.0


def parts(store: Store, writer: Writer, migrations: Migrations) -> dict[str, Part]:
    """Who answers which kind of request."""
    shapes = Shapes(store)
    migrations.tables_changed = shapes.forget
    return {
        "row": Rows(store, shapes, writer),
        "kv": Keys(store, writer),
        "sql": Statements(store, writer),
        "migrate": migrations,
    }


async def run(data: Path, config: Path | None) -> None:
    """Answers until cancelled, and then what is in hand.

    Raises UserError; also when the tables are not what this checkout can work with.
    """
    sys.setswitchinterval(TURN)
    settings = configuration.load(data, config)
    async with AsyncExitStack() as stack:
        store = Store(address(data))
        stack.push_async_callback(_close, store)
        bus = await enter(find(data).addresses.nats, "database", data, settings.nats, DATABASE)
        stack.push_async_callback(bus.drain)
        migrations = Migrations(store, MIGRATIONS, _manifests(data))
        looking = await serve(bus, store, migrations, stack)
        following = asyncio.create_task(follow_plugins(migrations, data), name="new plugins")
        stack.push_async_callback(_ended, following)
        notify.ready()
        log.info("ready")
        await _first_end(stay(bus), looking)


def _manifests(data: Path) -> dict[str, PluginManifest]:
    try:
        return manifests(data)
    except ManifestError as problem:
        raise UserError(str(problem)) from problem


async def serve(
    bus: Bus, store: Store, migrations: Migrations, stack: AsyncExitStack
) -> "asyncio.Task[None]":
    """Answers until `stack` is closed. A database that is away may come later.

    The task ends when the database turns out to be none for this checkout, with a UserError.
    """

    async def tell(ok: bool, what: str) -> None:
        now = clock.now()
        id = ids.derive("h", subjects.HEALTH, ABOUT_DATABASE, now.timestamp())
        health = Health(id=id, at=now, ok=ok, about=ABOUT_DATABASE, what=what)
        await bus.publish(subjects.HEALTH, health.wire())

    pulse = Pulse(store, lambda: prepare(migrations), tell)
    stack.push_async_callback(pulse.close)
    chosen = parts(store, Writer(store), migrations)
    stack.push_async_callback(_close_parts, chosen)
    intake = Intake(bus, Desk(chosen, pulse.note), pulse)
    await intake.start()
    stack.push_async_callback(intake.stop)
    await pulse.look()
    looking = asyncio.create_task(pulse.run(), name="pulse")
    sweeping = asyncio.create_task(keep_sweeping(store), name="sweep")
    checkpointing = asyncio.create_task(keep_checkpointing(store), name="checkpoint")
    for task in (looking, sweeping, checkpointing):
        stack.push_async_callback(_ended, task)
    return looking


async def prepare(migrations: Migrations) -> None:
    """Makes all tables what they should be. Raises UserError, or Refusal while it is away."""
    done = await migrations.upgrade()
    for step in [*done.migrations, *done.declared]:
        log.info("new in the database: %s", step)


async def follow_plugins(migrations: Migrations, data: Path) -> None:
    """A plugin that was installed since gets the tables it declares."""
    known = places.stamp(data)
    while True:
        await asyncio.sleep(LOOK_EVERY)
        wanted = places.stamp(data)
        if wanted == known:
            continue
        migrations.manifests = manifests(data)
        try:
            await prepare(migrations)
            migrations.tables_changed()
            known = wanted
        except (UserError, Refusal) as problem:
            log.warning("the tables of new plugins wait: %s", problem)


async def _first_end(staying: Coroutine[Any, Any, None], looking: "asyncio.Task[None]") -> None:
    """Raises what the first of them raises."""
    both = {asyncio.ensure_future(staying), looking}
    try:
        ended, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        for each in ended:
            each.result()
    finally:
        for each in both:
            each.cancel()


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
