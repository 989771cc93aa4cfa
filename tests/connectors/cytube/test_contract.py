"""The CyTube connector keeps the contract, against the lounge over real sockets."""

from collections.abc import AsyncIterator

import pytest

from connectors.cytube.connector import CyTubeConnector
from connectors.cytube.settings import CyTubeSettings
from connectors.lounge.guest import Guest
from connectors.lounge.server import Lounge
from connectors.lounge.settings import LoungeSettings
from rosey.platform import Connector
from tests.connectors.contract import OWN, ConnectorContract, Stage
from tests.connectors.playlist_contract import PlaylistContract
from tests.connectors.proxy import Proxy

ROOM = "lobby"
PASSWORD = "opensesame"


class LoungeStage:
    """Rosey behind a proxy, everybody else in the lounge itself."""

    def __init__(self, lounge: Lounge, proxy: Proxy) -> None:
        self._lounge = lounge
        self._proxy = proxy
        self._guests: dict[str, Guest] = {}
        self.connector: Connector = CyTubeConnector(
            CyTubeSettings.model_validate(
                {
                    "connection": "lounge",
                    "site": f"http://127.0.0.1:{proxy.port}",
                    "room": ROOM,
                    "user": OWN,
                    "password": PASSWORD,
                }
            )
        )

    async def join(self, name: str) -> None:
        self._guests[name] = await self._enter(name)

    async def leave(self, name: str) -> None:
        await self._guests.pop(name).close()

    async def say(self, name: str, text: str) -> None:
        await self._guests[name].say(text)

    async def whisper(self, name: str, to: str, text: str) -> None:
        await self._guests[name].pm(to, text)

    async def heard(self, name: str, text: str, pm: bool = False) -> None:
        await self._guests[name].wait_line(lambda line: line.text == text and line.pm is pm)

    async def drop(self) -> None:
        self._proxy.cut()

    async def kick(self, reason: str) -> None:
        moderator = self._guests["mod"] = await self._enter("mod", PASSWORD)
        await moderator.say(f"/kick {OWN} {reason}")

    async def displace(self) -> None:
        self._guests["other"] = await self._enter(OWN, PASSWORD)

    async def close(self) -> None:
        await self.connector.disconnect()
        for guest in self._guests.values():
            await guest.close()

    async def _enter(self, name: str, password: str | None = None) -> Guest:
        guest = Guest(self._lounge.url, ROOM, name, password)
        await guest.start()
        return guest


class TestCyTubeConnector(PlaylistContract, ConnectorContract):
    """The contract, over sockets."""

    @pytest.fixture
    async def stage(self) -> AsyncIterator[Stage]:
        lounge = Lounge(
            LoungeSettings.model_validate(
                {
                    "port": 0,
                    "chat_burst": 0,
                    "rooms": [{"name": ROOM, "ranks": {"mod": 3, OWN: 2}}],
                    "accounts": [
                        {"name": OWN, "password": PASSWORD},
                        {"name": "mod", "password": PASSWORD},
                    ],
                }
            )
        )
        proxy = Proxy(await lounge.start())
        await proxy.start()
        stage = LoungeStage(lounge, proxy)
        yield stage
        await stage.close()
        await proxy.stop()
        await lounge.stop()
