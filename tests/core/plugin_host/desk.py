"""Commands put before a plugin host, and what became of them in the streams."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from core.plugin_host.host import PluginHost
from core.plugins import PLUGINS
from rosey import streams, subjects
from rosey.bus import Bus
from rosey.events import Command, PluginEvent, Reply, User
from rosey.manifest import load_plugin
from rosey.plugin import Context, Plugin
from tests.core.stage import settled, stored

ENDS = ("command_succeeded", "command_failed")


def plugin(handler: Callable[[Context], Awaitable[Any]]) -> Plugin:
    """One whose only command is `roll`."""
    made = Plugin("dice")
    made.command("roll")(handler)
    return made


def host(bus: Bus, handler: Callable[[Context], Awaitable[Any]], **options: Any) -> PluginHost:
    return PluginHost(bus, load_plugin(PLUGINS / "dice"), plugin(handler), **options)


async def give(bus: Bus, number: int = 1, **fields: Any) -> Command:
    sound: dict[str, Any] = {
        "id": f"c-{number:06}",
        "plugin": "dice",
        "action": "roll",
        "channel": "lounge/lobby",
        "user": User(name="alice"),
        "sent_at": datetime.now(UTC),
        "seq": number,
    }
    command = Command(**(sound | fields))
    subject = subjects.command(command.plugin, command.action)
    await bus.store(subject, command.wire(), command.id)
    return command


async def done(bus: Bus) -> None:
    """Waits until every command has been acknowledged."""
    await settled(bus, streams.commands_of("dice"), "dice")


async def replies(bus: Bus) -> list[Reply]:
    return [Reply.read(data) for _, data in await stored(bus, streams.replies_of("dice"))]


async def events(bus: Bus) -> list[PluginEvent]:
    """All of them; each on the subject that is its name."""
    found = []
    for subject, data in await stored(bus, streams.events_of("dice")):
        event = PluginEvent.read(data)
        assert subject == f"dice.{event.event}"
        found.append(event)
    return found


async def ends(bus: Bus) -> list[str]:
    return [event.event for event in await events(bus) if event.event in ENDS]
