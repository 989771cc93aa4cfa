"""What dice answers, hosted on a bus in memory."""

from collections.abc import AsyncIterator

import pytest

from core.plugin_host.host import PluginHost
from core.plugins import PLUGINS, load
from rosey import streams
from rosey.events import PluginEvent, Reply
from rosey.manifest import load_plugin
from rosey.testing import MemoryBus
from tests.core.plugin_host.desk import give
from tests.servers import until


@pytest.fixture
async def bus() -> AsyncIterator[MemoryBus]:
    bus = MemoryBus()
    await bus.declare(["dice"])
    manifest = load_plugin(PLUGINS / "dice")
    host = PluginHost(bus, manifest, load(manifest.entry))
    await host.start()
    yield bus
    await host.stop()
    await bus.drain()


async def ask(bus: MemoryBus, action: str, text: str = "") -> tuple[Reply, dict[str, PluginEvent]]:
    """The reply, and the events by their names."""
    await give(bus, action=action, text=text, args=text.split())
    durable = bus.memory.streams[streams.commands_of("dice")].durables["dice"]
    await until(lambda: durable.is_settled)
    (reply,) = bus.stored(streams.replies_of("dice"))
    events = [PluginEvent.read(kept.data) for kept in bus.stored(streams.events_of("dice"))]
    return Reply.read(reply.data), {event.event: event for event in events}


async def test_a_roll_is_shown(bus: MemoryBus) -> None:
    reply, events = await ask(bus, "roll", "3d6+1")
    rolled = events["roll_performed"].data
    assert (rolled["count"], rolled["sides"]) == (3, 6)
    (action,) = reply.actions
    assert action.text.startswith("🎲 [")
    assert action.text.endswith(f"] + 1 = {rolled['total']}")
    assert set(events) == {"roll_performed", "command_succeeded"}


async def test_a_coin_falls(bus: MemoryBus) -> None:
    reply, events = await ask(bus, "flip")
    (action,) = reply.actions
    assert action.text in ("🪙 Heads", "🪙 Tails")
    assert set(events) == {"command_succeeded"}


async def test_what_cannot_be_rolled_is_explained(bus: MemoryBus) -> None:
    reply, events = await ask(bus, "roll", "a cat")
    assert reply.actions == []
    assert reply.error
    assert "Try " in reply.error
    assert set(events) == {"command_failed"}
