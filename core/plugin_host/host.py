"""One plugin at work: takes its commands, runs their handlers, stores replies and events."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from pydantic import BaseModel

from core.backpressure import store_when_there_is_room
from core.plugin_host.services import ServiceDesk
from core.plugin_host.timers import Timers
from rosey import clock, ids, streams, subjects, tasks
from rosey.bus import Bus, Consumer, Delivery
from rosey.events import Command, Happening, Outcome, PluginEvent, PluginPresence
from rosey.handling import announcement_of, handle, reply_to
from rosey.heard import subject_of
from rosey.kit import Kit
from rosey.manifest import ManifestError, PluginManifest, Storage
from rosey.plugin import Context, Plugin, Workflows
from rosey.service_client import Services
from rosey.storage import Database
from rosey.streams import ConsumerSpec
from rosey.texts import Texts

log = logging.getLogger("core.plugin_host")

ALIVE_EVERY = 2.0

SettingsOf = Callable[[str], BaseModel | None]


class PluginHost:
    """Runs one plugin on the bus; `settings` gives a channel's settings for it.

    `rooms` are the channels where it is on, which is where its timers run; `data` is the plugin's
    own folder for files. With `consumer` it takes a part of its commands, and with `key` has a
    word of its own.
    """

    def __init__(
        self,
        bus: Bus,
        manifest: PluginManifest,
        plugin: Plugin,
        *,
        settings: SettingsOf = lambda channel: None,
        workflows: Workflows | None = None,
        rooms: Callable[[], Iterable[str]] = tuple,
        texts: Texts | None = None,
        data: Path | None = None,
        dev: bool = False,
        consumer: ConsumerSpec | None = None,
        key: str = "",
    ) -> None:
        self.bus = bus
        self.manifest = manifest
        self.plugin = plugin
        self._settings = settings
        self._workflows = workflows
        self._database = Database.on(bus, manifest.name) if manifest.storage != Storage() else None
        self._spec = consumer or streams.commands_consumer(manifest.name)
        self._key = key or manifest.name
        self._kit = Kit(
            keys=self._database.keys if self._database and manifest.storage.keys else None,
            services=Services(bus, manifest.name, manifest.services),
            texts=texts or Texts(strict=False),
            folder=data,
            dev=dev,
            rooms=rooms,
            settings=settings,
        )
        self._timers = Timers(manifest.name, plugin.timers, rooms, self._tick)
        self._services = ServiceDesk(bus, manifest, plugin.offers, self._context, self._publish)
        self._consumer: Consumer | None = None
        self._presence: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins to take commands, then tells the router that the plugin is there.

        Raises ManifestError when it hears what its manifest does not list.
        """
        name = self.manifest.name
        for event in self.plugin.heard:
            subject = subject_of(event)
            if not self.manifest.may_hear(subject):
                raise ManifestError(
                    f'{name} hears {event}: add "{subject}" to hears in its plugin.toml'
                )
        self._consumer = await self.bus.consume(self._spec, self._handle)
        await self._services.start()
        self._timers.start()
        await self._be_present()
        # After an outage nobody should have to wait until the next time it says so.
        self.bus.on_reconnect(self._be_present)
        self._presence = asyncio.create_task(self._stay_present(), name=f"presence {name}")

    async def stop(self) -> None:
        """Takes no more; what is in hand is finished or comes again elsewhere."""
        if self._presence:
            await tasks.end(self._presence)
        await self._timers.stop()
        await self._services.stop()
        if self._consumer:
            await self._consumer.stop()

    async def _stay_present(self) -> None:
        while True:
            await asyncio.sleep(ALIVE_EVERY)
            try:
                async with asyncio.timeout(ALIVE_EVERY):
                    await self._be_present()
            except Exception as problem:  # the bus is away; its return is not ours to hasten
                log.warning("%s could not say it is alive: %s", self.manifest.name, problem)

    async def _be_present(self) -> None:
        presence = PluginPresence(
            plugin=self.manifest.name,
            version=self.manifest.version,
            summary=self.manifest.summary,
            alive_at=clock.now(),
            commands=self.plugin.commands,
            actions=self.manifest.actions,
            hears=list(self.plugin.heard),
        )
        bucket = self.bus.bucket(subjects.PLUGINS_BUCKET)
        await bucket.put(self._key, presence.wire())

    async def _handle(self, delivery: Delivery) -> None:
        command = Command.read(delivery.data)
        started = time.monotonic()
        outcome = await self._outcome(command)
        # The end comes first: another try of this command may lead to other events, but then the
        # number of its end is taken, and there is one.
        events = [_done(command, outcome, started), *outcome.events]
        # The room waits for the reply; events made ready with it would hold it up.
        await self._reply(command, outcome)
        await asyncio.gather(
            *(self._publish(command, number, event) for number, event in enumerate(events))
        )

    def _context(self, command: Command) -> Context:
        settings = self._settings(command.channel)
        return Context(command, settings, self._workflows, self._database, kit=self._kit)

    async def _outcome(self, command: Command) -> Outcome:
        return await handle(self.plugin, self.manifest, self._context(command), log)

    async def _reply(self, command: Command, outcome: Outcome) -> None:
        """Stores the reply, if there is one."""
        if command.event is not None and outcome.error:
            log.info("%s %s: %s", command.plugin, command.action, outcome.error)
        reply = reply_to(command, outcome)
        if reply is not None:
            subject = subjects.reply(command.plugin, reply.id)
            await store_when_there_is_room(self.bus, subject, reply.wire(), reply.id)

    async def _tick(self, command: Command) -> None:
        """Announces what a timer's handler answers; nobody is there to be told of its errors."""
        outcome = await self._outcome(command)
        if outcome.error:
            log.warning("%s %s: %s", command.plugin, command.action, outcome.error)
        announced = announcement_of(command, outcome)
        if announced is not None:
            subject = subjects.reply(command.plugin, announced.id)
            await store_when_there_is_room(self.bus, subject, announced.wire(), announced.id)
        await asyncio.gather(
            *(self._publish(command, number, event) for number, event in enumerate(outcome.events))
        )

    async def _publish(self, command: Command, number: int, event: Happening) -> None:
        event_id = ids.event_id(command.id, number)
        body = PluginEvent(
            id=event_id,
            plugin=command.plugin,
            event=event.name,
            channel=command.channel,
            at=clock.now(),
            data=event.data,
        )
        await self.bus.store(subjects.event(command.plugin, event.name), body.wire(), event_id)


def _done(command: Command, outcome: Outcome, started: float) -> Happening:
    """Every command ends in exactly one of these, without saying who gave it."""
    seconds = round(time.monotonic() - started, 4)
    data: dict[str, object] = {"action": command.action, "seconds": seconds}
    if outcome.error:
        return Happening(name="command_failed", data=data | {"reason": outcome.error})
    return Happening(name="command_succeeded", data=data)
