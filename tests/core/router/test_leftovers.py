"""Of a plugin that is gone nothing stays on the bus, and nothing of anybody else is touched."""

import asyncio
import logging
from collections.abc import Collection
from datetime import timedelta
from pathlib import Path

import pytest
from nats.js.api import RePublish, StreamConfig
from nats.js.errors import NotFoundError

from core.authority.login import login
from core.authority.rights import OPERATOR, ROUTER
from core.config import NatsConfig
from core.installed import places
from core.installed.install import install, remove
from core.plugins import manifests
from core.router import leftovers, service
from core.router.router import Router
from rosey import channels, clock, subjects
from rosey.bus import Bus, BusError
from rosey.events import Listening, PluginPresence
from rosey.settings import InForce, SetInRooms
from tests.core.authority.stage import guarded
from tests.core.installed import samples
from tests.core.stage import ROOM, Stage
from tests.servers import until

GONE = "forecast"
STREAMS = {f"{kind}_{GONE}" for kind in ("COMMANDS", "REPLIES", "EVENTS")}
# Named as a plugin's streams are, but not made by Rosey.
STRANGE = [
    StreamConfig(name="EVENTS_orders", subjects=["orders.*"]),
    StreamConfig(name="COMMANDS_orders", subjects=["orders.commands.*"]),
    StreamConfig(name="REPLIES_Orders", subjects=["rosey.reply.Orders.*"]),
    StreamConfig(name="LOG_orders", subjects=["rosey.command.orders.*"]),
    StreamConfig(name="COMMANDS_", subjects=["commands"]),
    StreamConfig(
        name="EVENTS_sales",
        subjects=["sales.*"],
        republish=RePublish(src="sales.*", dest="mirrored.sales.{{wildcard(1)}}"),
    ),
]


def nobody(plugin: str) -> bool:
    return False


async def names(bus: Bus) -> set[str]:
    return {each.config.name or "" for each in await bus.js.streams_info()}


async def leave(bus: Bus, plugin: str) -> None:
    """All that a plugin has on the bus while it is there."""
    await bus.declare([plugin])
    long_ago = clock.now() - timedelta(days=1)
    said = PluginPresence(plugin=plugin, version="1.0.0", alive_at=long_ago)
    await bus.bucket(subjects.PLUGINS_BUCKET).put(plugin, said.wire())
    asked = Listening(action_id="a-1").wire()
    await bus.bucket(subjects.LISTENING_BUCKET).put(f"{plugin}.{channels.token(ROOM)}", asked)
    settings = bus.bucket(subjects.SETTINGS_BUCKET)
    await settings.put(subjects.set_in_rooms(plugin), SetInRooms().wire())
    await settings.put(subjects.in_force(plugin), InForce().wire())


async def kept(bus: Bus) -> dict[str, list[str]]:
    """The keys of all buckets."""
    return {name: sorted(await bus.bucket(name).keys()) for name in leftovers.BUCKETS}


async def test_all_of_one_that_is_gone_and_nothing_else(
    bus: Bus, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "core.router")
    for config in STRANGE:
        await bus.js.add_stream(config)
    await leave(bus, "dice")
    await bus.declare(["core"])
    await bus.bucket(subjects.PLUGINS_BUCKET).put("core.manager", b"here")
    before = (await names(bus), await kept(bus))
    await leave(bus, GONE)
    assert await names(bus) == before[0] | STREAMS
    assert await leftovers.sweep(bus, ["dice", "trivia"], nobody)
    assert (await names(bus), await kept(bus)) == before
    (line,) = [each.getMessage() for each in caplog.records]
    assert line.startswith("forecast is gone, and what it left on the bus: ")
    assert all(name in line for name in STREAMS)
    assert "now.forecast in rosey_settings" in line
    assert await leftovers.sweep(bus, ["dice", "trivia"], nobody)
    assert len(caplog.records) == 1


async def test_one_that_still_runs_is_left_until_it_has_ended(bus: Bus) -> None:
    await leave(bus, GONE)
    before = (await names(bus), await kept(bus))
    assert not await leftovers.sweep(bus, ["dice", "trivia"], lambda plugin: plugin == GONE)
    assert (await names(bus), await kept(bus)) == before
    assert await leftovers.sweep(bus, ["dice", "trivia"], nobody)
    assert STREAMS.isdisjoint(await names(bus))


async def test_more_streams_than_the_server_lists_at_once(bus: Bus) -> None:
    for number in range(300):
        await bus.js.add_stream(StreamConfig(name=f"A{number}", subjects=[f"a{number}"]))
    await leave(bus, GONE)
    assert await leftovers.sweep(bus, ["dice", "trivia"], nobody)
    for name in STREAMS:
        with pytest.raises(NotFoundError):
            await bus.js.stream_info(name)


async def test_two_routers_at_once(bus: Bus) -> None:
    await leave(bus, GONE)
    both = [leftovers.sweep(bus, ["dice", "trivia"], nobody) for _ in range(2)]
    assert await asyncio.gather(*both) == [True, True]
    assert STREAMS.isdisjoint(await names(bus))


async def test_it_works_with_the_rights_that_a_router_has(tmp_path: Path) -> None:
    with guarded(tmp_path) as server:
        settings = NatsConfig()
        operator = await Bus.connect(server.url, OPERATOR, login(tmp_path, settings, OPERATOR))
        router = await Bus.connect(server.url, ROUTER, login(tmp_path, settings, ROUTER))
        await leave(operator, GONE)
        await leave(operator, "dice")
        assert await leftovers.sweep(router, ["dice"], nobody)
        assert router.refusals == 0
        assert {each for keys in (await kept(operator)).values() for each in keys} == {
            "dice",
            f"dice.{channels.token(ROOM)}",
            subjects.set_in_rooms("dice"),
            subjects.in_force("dice"),
        }
        assert STREAMS.isdisjoint(await names(operator))
        for each in (operator, router):
            await each.drain()


async def test_a_server_that_is_away_is_a_bus_error(bus: Bus, stage: Stage) -> None:
    await bus.js.delete_stream(f"KV_{subjects.SETTINGS_BUCKET}")
    with pytest.raises(BusError, match="what plugins have left cannot be deleted"):
        await leftovers.sweep(bus, ["dice", "trivia"], nobody)


async def test_a_router_deletes_what_is_removed_at_once_and_what_went_before_its_start(
    bus: Bus, stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "LOOK_EVERY", 0.05)
    data = tmp_path / "data"
    project = samples.copy(tmp_path / "forecast")
    install(data, str(project), "", trust=False, agree=lambda lines: True)
    await leave(bus, GONE)
    await leave(bus, "long")
    router: Router = await stage.router(manifests(data))
    looks = watched(router, monkeypatch)
    following = asyncio.create_task(service.follow_plugins(router, data))
    await until_gone(bus, {f"{kind}_long" for kind in ("COMMANDS", "REPLIES", "EVENTS")})
    assert await names(bus) >= STREAMS
    # Nobody can read what it is at the moment, and yet it is there.
    manifest = data / places.FOLDER / GONE / "1.0.0" / GONE / "plugin.toml"
    text = manifest.read_text()
    await until(lambda: looks and looks[-1])
    count = len(looks)
    manifest.write_text("nonsense = [")
    (data / places.FOLDER / GONE / places.CURRENT).rename(data / "aside")
    await until(lambda: GONE not in router._manifests)
    await until(lambda: len(looks) > count)
    assert await names(bus) >= STREAMS
    (data / "aside").rename(data / places.FOLDER / GONE / places.CURRENT)
    manifest.write_text(text)
    await until(lambda: GONE in router._manifests)
    await until(lambda: len(looks) > count + 1)
    remove(data, GONE)
    await until(lambda: len(looks) > count + 2)
    assert STREAMS.isdisjoint(await names(bus))
    assert all(GONE not in key for keys in (await kept(bus)).values() for key in keys)
    following.cancel()


def watched(router: Router, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Each look at what is left, when it is over, and whether all was clean."""
    looks: list[bool] = []
    sweep = router.sweep

    async def look(plugins: Collection[str]) -> bool:
        looks.append(await sweep(plugins))
        return looks[-1]

    monkeypatch.setattr(router, "sweep", look)
    return looks


async def until_gone(bus: Bus, gone: set[str]) -> None:
    async with asyncio.timeout(15):
        while not gone.isdisjoint(await names(bus)):
            await asyncio.sleep(0.02)
