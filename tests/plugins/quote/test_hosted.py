"""Quote on a bus in memory, as its process runs it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from core.plugin_host.host import PluginHost
from core.plugins import PLUGINS, load
from rosey import streams, subjects
from rosey.bus import Incoming
from rosey.events import PluginEvent, Reply, User
from rosey.manifest import load_plugin
from rosey.testing import MemoryBus
from rosey.texts import Texts
from tests.core.plugin_host.desk import give
from tests.plugins.quote.stage import InMemory
from tests.servers import until


class Hosted:
    """`asks` gives a command and waits until it is done."""

    def __init__(self, folder: Path) -> None:
        self.bus = MemoryBus()
        self.tables = InMemory()
        self.folder = folder

    async def open(self) -> PluginHost:
        await self.bus.declare(["quote"])
        await self.bus.subscribe(subjects.database("row", "quote", "*"), self._answer)
        manifest = load_plugin(PLUGINS / "quote")
        texts = Texts.load(PLUGINS / "quote" / "texts")
        host = PluginHost(self.bus, manifest, load(manifest.entry), texts=texts, data=self.folder)
        await host.start()
        return host

    async def _answer(self, incoming: Incoming) -> None:
        op = incoming.subject.rpartition(".")[2]
        await self.bus.publish(incoming.reply, await self.tables("row", op, incoming.data, 1.0))

    async def asks(self, number: int, action: str, text: str = "", **more: Any) -> None:
        await give(self.bus, number, plugin="quote", action=action, text=text, **more)
        durable = self.bus.memory.streams[streams.commands_of("quote")].durables["quote"]
        await until(lambda: durable.is_settled)

    @property
    def replies(self) -> list[Reply]:
        return [Reply.read(kept.data) for kept in self.bus.stored(streams.replies_of("quote"))]

    @property
    def events(self) -> list[str]:
        stored = self.bus.stored(streams.events_of("quote"))
        return [PluginEvent.read(kept.data).event for kept in stored]


@pytest.fixture
async def hosted(tmp_path: Path) -> AsyncIterator[Hosted]:
    hosted = Hosted(tmp_path / "plugins" / "quote")
    host = await hosted.open()
    yield hosted
    await host.stop()
    await hosted.bus.drain()


async def test_every_change_is_told_once(hosted: Hosted) -> None:
    moderator = User(name="mod", rank=2)
    await hosted.asks(1, "add", "Hi -- ann")
    await hosted.asks(2, "upvote", "1")
    await hosted.asks(3, "export", user=moderator)
    await hosted.asks(4, "delete", "1")
    await hosted.asks(5, "import", "lounge=2Flobby.json", user=moderator)
    assert [reply.error for reply in hosted.replies] == [None] * 5
    assert [event for event in hosted.events if not event.startswith("command_")] == [
        "added",
        "upvoted",
        "deleted",
        "imported",
    ]
    (row,) = hosted.tables.rows("quotes")
    assert (row["text"], row["author"], row["added_by"], row["score"]) == ("Hi", "ann", "alice", 1)


async def test_a_refusal_is_a_sentence_and_no_event(hosted: Hosted) -> None:
    await hosted.asks(1, "get", "7")
    (reply,) = hosted.replies
    assert reply.error == "There is no quote #7 here."
    assert hosted.events == ["command_failed"]
