"""The CyTube connector keeps the contract of the playlist, against a scripted server."""

from collections.abc import AsyncIterator

import pytest

from rosey.platform import Connector
from tests.connectors.cytube.listed import ListSite
from tests.connectors.cytube.scripted import END
from tests.connectors.playlist_contract import PlaylistContract, PlaylistStage


class ScriptedStage:
    def __init__(self, site: ListSite) -> None:
        self._site = site
        self.connector: Connector = site.connector()

    async def drop(self) -> None:
        await self._site.say(END)


class TestCyTubePlaylist(PlaylistContract):
    """The contract, on a server that answers as CyTube's does."""

    @pytest.fixture
    async def stage(self) -> AsyncIterator[PlaylistStage]:
        site = ListSite()
        await site.start()
        stage = ScriptedStage(site)
        yield stage
        await stage.connector.disconnect()
        await site.stop()
