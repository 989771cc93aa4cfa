"""What a plugin's process gives its handlers, and what it says of itself."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from core.config import Config
from core.plugin_host.host import PluginHost
from core.room_settings import RoomSettings
from rosey import Context, Plugin, UserEvent, streams, subjects
from rosey.bus import Incoming
from rosey.events import PluginPresence, Reply
from rosey.manifest import ManifestError, PluginManifest, Storage
from rosey.plugin import Answer
from rosey.testing import MemoryBus
from rosey.texts import Texts
from tests.core.plugin_host.desk import give
from tests.servers import until


@pytest.fixture
async def bus() -> AsyncIterator[MemoryBus]:
    bus = MemoryBus()
    await bus.declare(["dice"])
    yield bus
    await bus.drain()


def manifest(**more: Any) -> PluginManifest:
    return PluginManifest(name="dice", version="1.0.0", summary="Kit", entry="a:b", **more)


class Options(BaseModel):
    language: str = "en"


async def answer(bus: MemoryBus, host: PluginHost) -> Reply:
    await host.start()
    await give(bus)
    await until(lambda: bus.stored(streams.replies_of("dice")))
    await host.stop()
    (kept,) = bus.stored(streams.replies_of("dice"))
    return Reply.read(kept.data)


async def test_keys_are_the_plugin_s_own(bus: MemoryBus) -> None:
    asked: list[tuple[str, Any]] = []

    async def database(incoming: Incoming) -> None:
        asked.append((incoming.subject, json.loads(incoming.data)))
        got = {"success": True, "exists": True, "value": 5}
        await bus.publish(incoming.reply, json.dumps(got).encode())

    await bus.subscribe("db.>", database)
    plugin = Plugin("dice")

    @plugin.command("roll")
    async def roll(ctx: Context) -> str:
        return f"got {await ctx.kv.get('last')}"

    reply = await answer(bus, PluginHost(bus, manifest(storage=Storage(keys=True)), plugin))
    assert [action.text for action in reply.actions] == ["got 5"]
    assert asked == [("db.kv.dice.get", {"key": "last"})]


@pytest.mark.parametrize("storage", [Storage(), Storage(migrations=True)])
async def test_keys_must_be_asked_for(
    bus: MemoryBus, storage: Storage, caplog: pytest.LogCaptureFixture
) -> None:
    plugin = Plugin("dice")

    @plugin.command("roll")
    async def roll(ctx: Context) -> str:
        return f"got {await ctx.kv.get('last')}"

    rights = manifest(storage=storage, trust="trusted")
    reply = await answer(bus, PluginHost(bus, rights, plugin))
    assert reply.error
    assert "dice asks for no storage.keys in its plugin.toml" in caplog.text


async def test_texts_are_of_the_room_s_language(bus: MemoryBus) -> None:
    texts = Texts({"en": {"hi": "Hello {name}"}, "de": {"hi": "Hallo {name}"}}, strict=False)
    plugin = Plugin("dice")

    @plugin.command("roll")
    async def roll(ctx: Context) -> Answer:
        ctx.say(ctx.phrase("unheard_of"))
        return ctx.phrase("hi", name=ctx.user.name)

    german = Options(language="de")
    host = PluginHost(bus, manifest(), plugin, texts=texts, settings=lambda channel: german)
    reply = await answer(bus, host)
    assert [action.text for action in reply.actions] == ["unheard_of", "Hallo alice"]


async def test_it_tells_what_it_hears(bus: MemoryBus) -> None:
    plugin = Plugin("dice")

    @plugin.on("user.join")
    async def greet(ctx: Context, event: UserEvent) -> None: ...

    @plugin.trigger("hello")
    async def hello(ctx: Context, match: Any) -> None: ...

    hears = ["rosey.events.user.join", "rosey.events.message", "rosey.events.pm"]
    host = PluginHost(bus, manifest(hears=hears), plugin)
    await host.start()
    entry = await bus.bucket(subjects.PLUGINS_BUCKET).get("dice")
    assert entry
    assert PluginPresence.read(entry).hears == ["user.join", "message"]
    await host.stop()


async def test_what_the_manifest_does_not_list_is_told_at_the_start(bus: MemoryBus) -> None:
    plugin = Plugin("dice")

    @plugin.trigger("hello")
    async def hello(ctx: Context, match: Any) -> None: ...

    words = r'dice hears message: add "rosey\.events\.message" to hears in its plugin\.toml'
    host = PluginHost(bus, manifest(hears=["rosey.events.pm"]), plugin)
    with pytest.raises(ManifestError, match=words):
        await host.start()
    await host.stop()
    trusted = manifest(hears=["rosey.events.>"], trust="trusted")
    host = PluginHost(bus, trusted, plugin)
    await host.start()
    await host.stop()


def test_timers_run_where_rosey_is_and_the_plugin_is_on(tmp_path: Path) -> None:
    site = {"platform": "cytube", "site": "https://cytube.example"}
    config = Config.model_validate(
        {
            "connections": [
                {"name": "lounge", "platform": "lounge", "room": "lobby"},
                {"name": "far", "room": "attic", **site},
                {"name": "off", "room": "attic", **site},
            ],
            "channels": {
                "off/attic": {"plugins": {"dice": False}},
                "far/attic": {"plugins": {"dice": {"language": "de"}}},
                "far/elsewhere": {"prefix": "$"},
            },
        }
    )
    settings = RoomSettings(lambda: config)
    assert settings.where("dice") == ["lounge/lobby", "far/attic"]
    assert settings.where("trivia") == ["lounge/lobby", "far/attic", "off/attic"]
