"""The process behind `bin/rosey worker`, run inside the test."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.errors import UserError
from core.host.ports import free_port
from core.plugin_host import durable
from core.plugin_host.service import run
from rosey import streams, subjects
from rosey.bus import Bus
from rosey.events import Command, PluginPresence, Reply, User
from rosey.settings import CheckedSettings, CheckSettings, InForce
from tests.core.stage import stored
from tests.servers import NatsServer, until
from tests.temporal_servers import shared_dev_server


@pytest.fixture(scope="module")
def temporal_address() -> Iterator[str]:
    with shared_dev_server() as address:
        yield address


@pytest.fixture
def address(temporal_address: str, nats: NatsServer, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("ROSEY_NATS_URL", nats.url)
    monkeypatch.setenv("TEMPORAL_ADDRESS", temporal_address)
    return temporal_address


@asynccontextmanager
async def working(bus: Bus, plugins: list[str], data: Path) -> AsyncIterator[None]:
    mirror = await bus.mirror(subjects.PLUGINS_BUCKET)
    process = asyncio.create_task(run(plugins, data, None))
    try:
        there: Callable[[], bool] = lambda: process.done() or set(plugins) <= set(mirror.values)  # noqa: E731
        await until(there, what="the plugins are there")
        yield
    finally:
        process.cancel()
        with pytest.raises(asyncio.CancelledError):
            await process


async def ask(bus: Bus, plugin: str, action: str, text: str = "", channel: str = "a/b") -> Reply:
    number = (await bus.js.stream_info(streams.commands_of(plugin))).state.messages
    command = Command(
        id=f"c-{number}",
        plugin=plugin,
        action=action,
        channel=channel,
        user=User(name="alice"),
        text=text,
        sent_at=datetime.now(UTC),
        seq=number,
    )
    await bus.store(subjects.command(plugin, action), command.wire(), command.id)
    found = await stored(bus, streams.replies_of(plugin), 1)
    return Reply.read(found[-1][1])


@pytest.mark.usefixtures("address")
async def test_two_plugins_in_one_process(bus: Bus, tmp_path: Path) -> None:
    async with working(bus, ["dice", "trivia"], tmp_path):
        assert (await ask(bus, "dice", "roll", "d6")).actions[0].text.startswith("🎲")
        scores = await ask(bus, "trivia", "scores")
        assert scores.actions[0].text == "No game yet. !trivia start begins one."
        mirror = await bus.mirror(subjects.PLUGINS_BUCKET)
        presence = PluginPresence.read(mirror.values["trivia"])
        assert {command.action for command in presence.commands} >= {"start", "answer", "stop"}


@pytest.mark.usefixtures("address")
async def test_a_room_s_settings_reach_its_game(bus: Bus, tmp_path: Path) -> None:
    (tmp_path / "rosey.toml").write_text(
        '[channels."lounge/lobby"]\nplugins.trivia = { seconds = 77, lead_in = 0 }\n'
        '[channels."lounge/attic"]\nplugins.trivia = { seconds = 1 }\n'
    )
    data = tmp_path / "data"
    data.mkdir()
    async with working(bus, ["trivia"], data):
        for channel, seconds in (("lounge/lobby", "77 seconds"), ("lounge/attic", "30 seconds")):
            await ask(bus, "trivia", "start", "1", channel)
            lines: list[str] = []
            while not any(seconds in line for line in lines):
                found = await stored(bus, streams.replies_of("trivia"))
                lines = [one.text for _, data in found for one in Reply.read(data).actions]
            await ask(bus, "trivia", "stop", channel=channel)


@pytest.mark.usefixtures("address")
async def test_a_plugin_that_does_not_exist(bus: Bus, tmp_path: Path) -> None:
    allowed = "allowed: dice, eightball, playlist, quote, trivia"
    with pytest.raises(UserError, match=f"There is no plugin 'weather'; {allowed}"):
        await run(["weather"], tmp_path, None)


async def test_temporal_is_away(
    bus: Bus, nats: NatsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROSEY_NATS_URL", nats.url)
    monkeypatch.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{free_port()}")
    monkeypatch.setattr(durable, "PATIENCE", 0.1)
    with pytest.raises(UserError, match="No Temporal server answers at 127"):
        await run(["trivia"], tmp_path, None)


@pytest.mark.usefixtures("address")
async def test_the_bus_s_word_on_settings_counts_from_the_next_command(
    bus: Bus, tmp_path: Path
) -> None:
    (tmp_path / "rosey.toml").write_text(
        '[channels."lounge/hall"]\nplugins.trivia = { seconds = 77, lead_in = 0 }\n'
    )
    data = tmp_path / "data"
    data.mkdir()
    bucket = bus.bucket(subjects.SETTINGS_BUCKET)

    async def asked_in(channel: str) -> str:
        """How long that room has to answer."""
        await ask(bus, "trivia", "start", "1", channel)
        line = ""
        while not line:
            await asyncio.sleep(0.02)
            kept = await stored(bus, streams.replies_of("trivia"))
            found = [Reply.read(data) for _, data in kept]
            said = [one.text for each in found for one in each.actions if one.channel == channel]
            line = next((text for text in said if "seconds each" in text), "")
        await ask(bus, "trivia", "stop", channel=channel)
        return line

    async with working(bus, ["trivia"], data):
        assert "77 seconds" in await asked_in("lounge/hall")
        for seconds in (20, 21):
            channel = f"lounge/room{seconds}"
            now = InForce(rooms={channel: {"seconds": seconds}, "*": {"seconds": 99}})
            await bucket.put(subjects.in_force("trivia"), now.wire())
            assert f"{seconds} seconds" in await asked_in(channel)
        subject = subjects.service("trivia", "check_settings")
        asked = CheckSettings(typed={"seconds": "x"}).wire()
        (problem,) = CheckedSettings.read(await bus.request(subject, asked)).problems
        assert problem.text == "a number from 5 to 300, not 'x'"
