"""One plugin at work: takes its commands, runs their handlers, stores replies and events."""

import asyncio
import logging
import time
from collections.abc import Callable

from pydantic import BaseModel

from core.backpressure import store_when_there_is_room
from rosey import clock, ids, streams, subjects
from rosey.bus import Bus, Consumer, Delivery
from rosey.events import (
    Action,
    Command,
    Happening,
    Line,
    Outcome,
    PluginEvent,
    PluginPresence,
    Reply,
)
from rosey.manifest import PluginManifest, Storage
from rosey.plugin import Context, Plugin, Refused, Workflows
from rosey.storage import Database

log = logging.getLogger("core.plugin_host")

ALIVE_EVERY = 2.0
LARGEST_ANSWER = 256 * 1024

SettingsOf = Callable[[str], BaseModel | None]


class PluginHost:
    """Runs one plugin on the bus; `settings` gives a channel's settings for it."""

    def __init__(
        self,
        bus: Bus,
        manifest: PluginManifest,
        plugin: Plugin,
        *,
        settings: SettingsOf = lambda channel: None,
        workflows: Workflows | None = None,
    ) -> None:
        self.bus = bus
        self.manifest = manifest
        self.plugin = plugin
        self._settings = settings
        self._workflows = workflows
        self._database = Database.on(bus, manifest.name) if manifest.storage != Storage() else None
        self._consumer: Consumer | None = None
        self._presence: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins to take commands, then tells the router that the plugin is there."""
        name = self.manifest.name
        self._consumer = await self.bus.consume(streams.commands_consumer(name), self._handle)
        await self._be_present()
        # After an outage nobody should have to wait until the next time it says so.
        self.bus.on_reconnect(self._be_present)
        self._presence = asyncio.create_task(self._stay_present(), name=f"presence {name}")

    async def stop(self) -> None:
        """Takes no more; what is in hand is finished or comes again elsewhere."""
        if self._presence:
            self._presence.cancel()
            await asyncio.gather(self._presence, return_exceptions=True)
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
        )
        bucket = self.bus.bucket(subjects.PLUGINS_BUCKET)
        await bucket.put(self.manifest.name, presence.wire())

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

    async def _outcome(self, command: Command) -> Outcome:
        """What the handler makes of it; its own bugs become one sentence with an id."""
        handler = self.plugin.handlers.get(command.action)
        if handler is None:
            return Outcome(error=f"{command.plugin} has no command {command.action!r}.")
        context = Context(command, self._settings(command.channel), self._workflows, self._database)
        try:
            return self._checked(context, await handler(context))
        except Refused as refusal:
            return Outcome(error=str(refusal))
        except Exception:  # whatever a plugin does wrong is its own failure, told in one line
            short = command.id[-6:]
            log.exception("%s %s failed (id %s)", command.plugin, command.action, short)
            return Outcome(
                error=f"{command.plugin} failed at {command.action!r} (id {short}). "
                "Its log says why; other commands still work."
            )

    def _checked(self, context: Context, answer: object) -> Outcome:
        """The answer with the lines and events noted on the way. Raises for what cannot be sent."""
        if answer is None or isinstance(answer, str):
            answer = Outcome(say=[answer] if answer else [])
        if not isinstance(answer, Outcome):
            raise TypeError(f"a handler answers a line, an Outcome or nothing, not {answer!r:.80}")
        outcome = answer.model_copy(
            update={
                "lines": [*context.lines, *answer.lines],
                "events": [*context.events, *answer.events],
            }
        )
        for event in outcome.events:
            if event.name not in self.manifest.events:
                raise ValueError(f"the event {event.name!r} is not in the plugin's manifest")
        size = len(outcome.model_dump_json().encode())
        if size > LARGEST_ANSWER:
            raise ValueError(f"an answer of {size} bytes; at most {LARGEST_ANSWER} can be sent")
        return outcome

    async def _reply(self, command: Command, outcome: Outcome) -> None:
        """Stores the reply; a plain line that led to nothing needs none."""
        lines = [*outcome.lines, *(Line(text=text) for text in outcome.say)]
        if command.plain and not (lines or outcome.error):
            return
        reply_id = ids.reply_id(command.id)
        asker = command.user.name if command.pm else ""
        actions = [
            Action(
                id=ids.numbered(reply_id, number),
                channel=command.channel,
                kind="pm" if line.to or asker else "say",
                to=line.to or asker,
                text=line.text,
            )
            for number, line in enumerate(lines)
        ]
        reply = Reply(
            id=reply_id,
            channel=command.channel,
            command_id=command.id,
            to=asker,
            actions=actions,
            error=outcome.error,
        )
        subject = subjects.reply(command.plugin, reply_id)
        await store_when_there_is_room(self.bus, subject, reply.wire(), reply_id)

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
