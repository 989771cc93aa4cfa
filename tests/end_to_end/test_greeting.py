"""A plugin that greets whoever comes, in a real room: nobody is greeted because Rosey came."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from activities.connection.session import Session
from connectors.cytube.connector import CyTubeConnector
from connectors.cytube.settings import CyTubeSettings
from connectors.lounge.guest import Guest
from connectors.lounge.server import Lounge
from connectors.lounge.settings import LoungeSettings, RoomSettings
from rosey import Context, Plugin, UserEvent, streams
from rosey.bus import Bus
from rosey.manifest import PluginManifest
from rosey.platform import PlatformError
from tests.core.stage import ROOM, Stage, settled
from tests.end_to_end.players import said_by_rosey
from tests.servers import NatsServer, until

GREETER = PluginManifest(
    name="dice",
    version="1.0.0",
    summary="Greets",
    entry="a:b",
    actions=["say"],
    hears=["rosey.events.user.join", "rosey.events.message"],
)


def greeter() -> Plugin:
    plugin = Plugin("dice")

    @plugin.on("user.join")
    async def greet(ctx: Context, event: UserEvent) -> str:
        return f"welcome {event.user.name}"

    @plugin.trigger(r"^(hello|hi)\b", cooldown=60)
    async def hello(ctx: Context, match: Any) -> str:
        return f"hello yourself, {ctx.user.name}"

    return plugin


@pytest.fixture
async def lounge() -> AsyncIterator[Lounge]:
    running = Lounge(LoungeSettings(port=0, chat_burst=0, rooms=[RoomSettings(name="lobby")]))
    await running.start()
    yield running
    await running.stop()


@asynccontextmanager
async def in_the_room(url: str, nats: NatsServer, bus: Bus) -> AsyncIterator[Session]:
    """Rosey, until the end of the block; she comes back when she is thrown out."""
    given = {"connection": "lounge", "site": url, "room": "lobby", "user": "Rosey"}
    made = CyTubeConnector(CyTubeSettings.model_validate(given))
    session = Session(bus, "lounge", ROOM, made, nats.folder / "spool")

    async def stay() -> None:
        while True:
            try:
                await session.run()
            except PlatformError:
                await asyncio.sleep(0.01)

    staying = asyncio.create_task(stay())
    try:
        await until(lambda: session.connected_since is not None, what="join")
        yield session
    finally:
        staying.cancel()
        await session.close()
        await asyncio.gather(staying, return_exceptions=True)


async def test_who_comes_is_greeted_and_who_was_there_is_not(
    bus: Bus, nats: NatsServer, lounge: Lounge
) -> None:
    stage = Stage(bus)
    async with stage.stack, Guest(lounge.url, name="alice") as alice:
        router = await stage.router({"dice": GREETER})
        await stage.plugin("dice", greeter(), GREETER)
        await until(lambda: router._heard.in_lines)

        def said(part: str) -> Callable[[], bool]:
            return lambda: any(part in line for line in said_by_rosey(alice.lines))

        async with in_the_room(lounge.url, nats, bus) as session:
            await alice.say("well, hello")
            await alice.say("Hello everybody")
            await until(said("hello yourself, alice"))
            async with Guest(lounge.url, name="bob"):
                await until(said("welcome bob"))
            joined = session.connected_since
            await session.connector.disconnect()
            await until(lambda: session.connected_since not in (joined, None), what="rejoin")
            async with Guest(lounge.url, name="carol"):
                await until(said("welcome carol"))
            await settled(bus, streams.EVENTS, "heard")
            await settled(bus, streams.commands_of("dice"), "dice")
            await settled(bus, streams.SENDS, "send-lounge")
        assert said_by_rosey(alice.lines) == [
            "hello yourself, alice",
            "welcome bob",
            "welcome carol",
        ]
