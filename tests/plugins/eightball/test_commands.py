"""What the 8-ball answers, hosted on a bus in memory."""

from collections.abc import AsyncIterator

import pytest

from core.plugin_host.host import PluginHost
from core.plugins import PLUGINS, load
from plugins.eightball.rules import KINDS
from rosey import streams
from rosey.events import PluginEvent, Reply
from rosey.manifest import load_plugin
from rosey.testing import MemoryBus
from rosey.texts import Texts
from tests.core.plugin_host.desk import give
from tests.servers import until
from tests.vectors import load as load_vectors


@pytest.fixture
async def bus() -> AsyncIterator[MemoryBus]:
    bus = MemoryBus()
    await bus.declare(["eightball"])
    manifest = load_plugin(PLUGINS / "eightball")
    texts = Texts.load(PLUGINS / "eightball" / "texts")
    host = PluginHost(bus, manifest, load(manifest.entry), texts=texts)
    await host.start()
    yield bus
    await host.stop()
    await bus.drain()


async def ask(bus: MemoryBus, text: str) -> tuple[Reply, dict[str, PluginEvent]]:
    """The reply, and the events by their names."""
    await give(bus, plugin="eightball", action="ask", text=text, args=text.split(), prefix="?")
    durable = bus.memory.streams[streams.commands_of("eightball")].durables["eightball"]
    await until(lambda: durable.is_settled)
    (reply,) = bus.stored(streams.replies_of("eightball"))
    events = [PluginEvent.read(kept.data) for kept in bus.stored(streams.events_of("eightball"))]
    return Reply.read(reply.data), {event.event: event for event in events}


async def test_a_question_is_answered(bus: MemoryBus) -> None:
    reply, events = await ask(bus, "Will  it rain?")
    (action,) = reply.actions
    assert action.text.startswith("🎱 “Will it rain?” ")
    answer = action.text.removeprefix("🎱 “Will it rain?” ").removesuffix(".")
    assert events["question_answered"].data == {"kind": KINDS[answer]}
    assert set(events) == {"question_answered", "command_succeeded"}


async def test_without_a_question_it_says_how(bus: MemoryBus) -> None:
    (vector,) = load_vectors("eightball", "require_question")
    reply, events = await ask(bus, vector["in"]["question"])
    assert (reply.error is None) == vector["out"]["success"]
    assert reply.error == "Ask me something, for example: ?8ball Will it rain?"
    assert reply.actions == []
    assert set(events) == {"command_failed"}


def test_how_it_is_typed() -> None:
    (command,) = load(load_plugin(PLUGINS / "eightball").entry).commands
    assert command.words == ["8ball", "eightball"]
