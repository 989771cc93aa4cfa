"""Commands that programs put on the bus: `rosey.commands.<plugin>.execute` and its result."""

import logging

from pydantic import ValidationError

from core.router.router import Router
from rosey import clock, ids, subjects
from rosey.bus import Bus, BusError, Incoming, StreamFull
from rosey.channels import Channel
from rosey.events import Command, Execute, Executed
from rosey.routing import texts

log = logging.getLogger("core.router")

PATIENCE = 10.0


class Executor:
    """Answers the asker and publishes the same as the plugin's result."""

    def __init__(self, bus: Bus, router: Router) -> None:
        self.bus = bus
        self.router = router

    async def start(self) -> None:
        await self.bus.subscribe(subjects.EXECUTE_ALL, self._on_execute, queue="router")

    async def _on_execute(self, incoming: Incoming) -> None:
        plugin = incoming.subject.split(".")[2]
        executed = await self._execute(plugin, incoming)
        await self.bus.publish(subjects.result(plugin), executed.wire())
        if incoming.reply:
            await self.bus.publish(incoming.reply, executed.wire())

    async def _execute(self, plugin: str, incoming: Incoming) -> Executed:
        try:
            asked = Execute.read(incoming.data)
            Channel.parse(asked.channel)
        except ValidationError as problem:
            log.warning("%s: %s", incoming.subject, problem)
            return Executed(error='Not understood. Send {"action": …, "channel": …, "text": …}.')
        except ValueError as problem:
            return Executed(error=f"{problem}.")
        now = clock.now()
        source = asked.id or ids.derive("x", now.timestamp(), incoming.reply, incoming.data)
        command = Command(
            id=ids.command_id(source, plugin),
            plugin=plugin,
            action=asked.action,
            channel=asked.channel,
            user=asked.user,
            text=asked.text,
            args=asked.text.split(),
            sent_at=now,
        )
        try:
            reply = await self.router.execute(command, PATIENCE)
        except TimeoutError:
            return Executed(command_id=command.id, error=f"{plugin} did not answer in time.")
        except StreamFull:
            return Executed(command_id=command.id, error=texts.full(plugin, asked.action))
        except BusError as problem:
            return Executed(command_id=command.id, error=str(problem))
        # What goes to somebody in private is not for whoever asked.
        said = [action.text for action in reply.actions if action.kind == "say"]
        return Executed(command_id=command.id, say=said, error=reply.error)
