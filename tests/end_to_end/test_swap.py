"""Another platform: a connector and its manifest, and not a line of the core."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.fake.room import FakeRoom
from core import connection_host
from core.plugin_host import service as plugin_host
from core.router import service as router
from rosey import subjects
from rosey.bus import Bus
from rosey.events import PluginPresence
from tests.end_to_end.players import ASKED, AnswerBook, points
from tests.servers import NatsServer, until
from tests.temporal_servers import dev_server

CONFIG = """
[lounge]
enabled = false

[[connections]]
name = "memory"
platform = "fake"
site = "here"
room = "{room}"

[channels."memory/{room}"]
plugins.trivia = {{ lead_in = 0.1, between = 0.1, seconds = 30, grace = 0.2 }}
"""


class Table:
    """A room in memory with Rosey in it."""

    def __init__(self) -> None:
        self.name = f"den-{uuid.uuid4().hex[:8]}"
        self.room = FakeRoom.named(self.name)

    @property
    def said(self) -> list[str]:
        return [line["text"] for line in self.room.lines if line["user"] == "Rosey"]

    async def until_said(self, part: str, count: int = 1) -> str:
        def found() -> list[str]:
            return [line for line in self.said if part in line]

        await until(lambda: len(found()) >= count, 20, f"{part!r}: {self.room.lines}")
        return found()[-1]


@pytest.fixture
async def table(
    nats: NatsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Table]:
    table = Table()
    data = tmp_path / "data"
    data.mkdir()
    config = tmp_path / "rosey.toml"
    config.write_text(CONFIG.format(room=table.name))
    async with dev_server() as server, AsyncExitStack() as stack:
        address = server.client.service_client.config.target_host
        monkeypatch.setenv("ROSEY_NATS_URL", nats.url)
        monkeypatch.setenv("TEMPORAL_ADDRESS", address)
        for work in (
            router.run(data, config),
            plugin_host.run(["dice", "trivia"], data, config),
            connection_host.run("memory", data, config),
        ):
            task = asyncio.create_task(work)
            stack.push_async_callback(_end, task)
        await until(lambda: "rosey" in table.room.people, 20, "Rosey comes")
        await _until_plugins(nats.url)
        yield table


async def _end(task: "asyncio.Task[None]") -> None:
    task.cancel()
    results = await asyncio.gather(task, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError), results


async def _until_plugins(url: str) -> None:
    bus = await Bus.connect(url, "test")
    bucket = bus.bucket(subjects.PLUGINS_BUCKET)
    for name in ("dice", "trivia"):
        while (found := await bucket.get(name)) is None:
            await asyncio.sleep(0.02)
        assert datetime.now(UTC) - PluginPresence.read(found).alive_at < timedelta(seconds=5)
    await bus.drain()


@pytest.mark.timeout(90)
async def test_dice_and_trivia_on_a_platform_in_memory(table: Table) -> None:
    table.room.join("alice")
    table.room.join("bob")
    table.room.say("alice", "!roll 2d6+3")
    assert (await table.until_said("🎲")).startswith("🎲 [")
    table.room.whisper("bob", "Rosey", "!flip")
    await until(lambda: len(table.room.whispers) == 2, what="the answer in private")
    assert table.room.whispers[1]["to"] == "bob"
    assert "🪙" in table.room.whispers[1]["text"]

    book = AnswerBook()
    table.room.say("alice", "!trivia start 3")
    for number in range(1, 4):
        line = await table.until_said(f"❓ {number}/3")
        table.room.say("bob", "no idea")
        table.room.say("alice", book.find(line).answer)
        await table.until_said("✅ alice", number)
    final = await table.until_said("🏁")
    assert f"alice {points(table.said)['alice']} (3 right)" in final
    assert [bool(ASKED.match(line)) for line in table.said].count(True) == 3
    assert len(set(table.said)) == len(table.said)
