"""The process behind `bin/rosey router`, run inside the test."""

import asyncio
from pathlib import Path

import pytest

from core.config import Config
from core.errors import UserError
from core.host.ports import free_port
from core.router import service
from core.router.service import run
from rosey import streams, subjects
from rosey.bus import BusError
from rosey.events import Execute, Executed
from tests.core.stage import ROOM, Stage
from tests.servers import NatsServer, until


async def test_it_routes_by_its_configuration(
    stage: Stage, nats: NatsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROSEY_NATS_URL", nats.url)
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    data = tmp_path / "data"
    data.mkdir()
    (tmp_path / "rosey.toml").write_text(f'[channels."{ROOM}"]\nprefix = "$"\n')
    await stage.plugin("dice")
    process = asyncio.create_task(run(data, None))
    asked = Execute(action="roll", channel=ROOM).wire()
    while True:
        try:
            answer = Executed.read(await stage.bus.request(subjects.execute("dice"), asked))
            break
        except BusError:  # nobody listens yet
            assert not process.done()
            await asyncio.sleep(0.02)
    assert answer.say[0].startswith("🎲")
    await stage.say("$flip")
    await stage.until_line("🪙")
    process.cancel()
    with pytest.raises(asyncio.CancelledError):
        await process


async def test_a_connection_that_is_new_in_the_configuration_gets_its_consumer(
    stage: Stage, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "LOOK_EVERY", 0.05)
    config = Config()
    following = asyncio.create_task(service.follow_connections(stage.bus, lambda: config))
    await asyncio.sleep(0)
    config = Config.model_validate(
        {"connections": [{"name": "den", "platform": "fake", "site": "here", "room": "den"}]}
    )
    await asyncio.wait_for(stage.bus.made(streams.sends_consumer("den")), 10)

    async def refuse(*_: object) -> None:
        raise BusError("not now")

    monkeypatch.setattr(stage.bus, "declare", lambda **_: refuse())
    config = Config()
    await until(lambda: "new connections wait for NATS: not now" in caplog.text)
    following.cancel()


async def test_nats_is_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROSEY_NATS_URL", f"nats://127.0.0.1:{free_port()}")
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    with pytest.raises(UserError, match="No NATS server answers"):
        await run(tmp_path, None)
