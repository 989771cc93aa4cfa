"""The way to a real room is cut: what was said meanwhile is heard, or its loss is reported."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from activities.connection.session import Session
from connectors.cytube.connector import CyTubeConnector
from connectors.cytube.settings import CyTubeSettings
from connectors.lounge.guest import Guest
from connectors.lounge.server import Lounge
from connectors.lounge.settings import LoungeSettings
from rosey import subjects
from rosey.bus import Bus
from rosey.platform import PlatformError
from tests.activities.connection.stage import Stage
from tests.connectors.proxy import Proxy
from tests.servers import until


@dataclass
class Line:
    """Rosey in the lounge through a proxy; bob sits there without one."""

    stage: Stage
    session: Session
    proxy: Proxy
    bob: Guest

    async def texts(self, count: int) -> list[str]:
        await self.stage.until_events(subjects.MESSAGE, count)
        return [message.text for message in await self.stage.messages()]


@pytest.fixture
async def line(bus: Bus, tmp_path: Path) -> AsyncIterator[Line]:
    lounge = Lounge(LoungeSettings(port=0, chat_burst=0))
    proxy = Proxy(await lounge.start())
    await proxy.start()
    stage = Stage(bus, tmp_path / "spool")
    stage.channel = "fake/lobby"
    site = f"http://127.0.0.1:{proxy.port}"
    connector = CyTubeConnector(CyTubeSettings(connection="fake", site=site, room="lobby"))
    async with Guest(lounge.url, name="bob") as bob:
        session = Session(bus, "fake", stage.channel, connector, stage.spool)
        yield Line(stage, session, proxy, bob)
        await stage.close()
    await proxy.stop()
    await lounge.stop()


async def cut(line: Line, *meanwhile: str) -> None:
    """Rosey hears one line, is cut off, and others go on talking without her."""
    task = asyncio.create_task(line.session.run())
    await until(lambda: line.session.connected_since is not None)
    await line.bob.say("before")
    assert await line.texts(1) == ["before"]
    line.proxy.cut()
    with pytest.raises(PlatformError, match="lost"):
        await task
    for text in meanwhile:
        await line.bob.say(text)
    await until(lambda: len(line.bob.lines) == 1 + len(meanwhile))
    await line.stage.stay(line.session)


async def test_a_short_drop_loses_no_chat(line: Line) -> None:
    meanwhile = [f"line {number}" for number in range(14)]
    await cut(line, *meanwhile)
    assert await line.texts(15) == ["before", *meanwhile]
    await line.bob.say("after")
    assert (await line.texts(16))[-1] == "after"
    assert [up.gap for up in await line.stage.ups()] == [False, False]


async def test_a_longer_gap_is_reported(line: Line) -> None:
    meanwhile = [f"line {number}" for number in range(20)]
    await cut(line, *meanwhile)
    assert await line.texts(16) == ["before", *meanwhile[-15:]]
    assert [up.gap for up in await line.stage.ups()] == [False, True]


async def test_what_is_to_be_said_is_said_after_the_drop(line: Line) -> None:
    await cut(line, "meanwhile")
    action = await line.stage.act("here *I* am again\nreally")
    await line.bob.wait_line(lambda said: said.text == "really")
    await line.stage.until_done()
    said = [said.text for said in line.bob.lines if said.user == "Rosey"]
    assert len(said) == 2
    assert [sent.action_id for sent in await line.stage.sent()] == [action.id]
