"""Five thousand lines at once: all of them reach the bus, in order."""

import asyncio
from pathlib import Path

from activities.connection.session import Session
from connectors.cytube.connector import CyTubeConnector
from connectors.cytube.settings import CyTubeSettings
from connectors.lounge.guest import Guest
from connectors.lounge.server import Lounge
from connectors.lounge.settings import LoungeSettings
from rosey import streams, subjects
from rosey.bus import Bus, Delivery
from rosey.events import Message
from tests.consuming import consume
from tests.servers import until

LINES = 5_000


async def test_a_burst_arrives_whole_and_in_order(bus: Bus, tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    heard: list[str] = []

    async def hear(delivery: Delivery) -> None:
        message = Message.read(delivery.data)
        if not message.own:
            heard.append(message.text)

    await consume(bus, streams.EVENTS, "burst", [subjects.MESSAGE], hear)
    lounge = Lounge(LoungeSettings(port=0, chat_burst=0))
    await lounge.start()
    try:
        settings = CyTubeSettings(connection="lounge", site=lounge.url, room="lobby", user="Rosey")
        session = Session(bus, "lounge", "lounge/lobby", CyTubeConnector(settings), spool)
        running = asyncio.create_task(session.run())
        await until(lambda: session.connected_since is not None)
        async with Guest(lounge.url, name="alice") as alice:
            for number in range(LINES):
                await alice.say(f"line {number}")
            await until(lambda: len(heard) >= LINES, 60, "the burst")
        await session.close()
        await asyncio.gather(running, return_exceptions=True)
    finally:
        await lounge.stop()
    assert not spool.exists()  # a burst is no outage
    assert heard == [f"line {number}" for number in range(LINES)]
