"""A stranger's plugin in a running Rosey: installed, used, updated, taken back and removed."""

import asyncio
from pathlib import Path

import pytest

from connectors.lounge.guest import Guest
from core.authority.login import login
from core.authority.rights import OPERATOR
from core.config import NatsConfig
from core.router import leftovers
from rosey.bus import Bus
from tests.core.installed import samples
from tests.end_to_end.test_memory import ask
from tests.rosey_process import RoseyProcess, rosey


def plugin(running: RoseyProcess, *words: str) -> str:
    """What `bin/rosey plugin` says."""
    done = running.command("plugin", *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


async def until_nothing_is_left(running: RoseyProcess, name: str) -> None:
    """Waits until no stream and no key on the bus speaks of the plugin."""
    us = login(running.data, NatsConfig(), OPERATOR)
    bus = await Bus.connect(running.runtime["addresses"]["nats"], "test", us)
    async with asyncio.timeout(30):
        while True:
            found = [each.config.name or "" for each in await bus.js.streams_info()]
            for bucket in leftovers.BUCKETS:
                found += await bus.bucket(bucket).keys()
            assert "COMMANDS_dice" in found
            if not any(name in each for each in found):
                break
            await asyncio.sleep(0.1)
    await bus.drain()


@pytest.mark.timeout(180)
async def test_from_install_to_remove(tmp_path: Path) -> None:
    project = samples.copy(tmp_path / "forecast")
    with rosey(tmp_path / "rosey") as running:
        pids = {name: running.pid(name) for name in ("router", "database", "dice", "nats")}
        async with Guest(running.room, name="alice") as alice:
            assert plugin(running, "install", str(project), "--yes").endswith("It runs now.\n")
            await ask(alice, "!forecast paris", "says 1.0.0")
            await ask(alice, "!forecast asked", "asked ")
            assert "forecast" in await ask(alice, "!help", "roll")

            samples.release(project, "1.1.0")
            samples.change(project / "forecast" / "plugin.toml", "true }]", "true }, EXTRA]")
            extra = '{ name = "who", type = "string" }'
            samples.change(project / "forecast" / "plugin.toml", "EXTRA", extra)
            samples.change(
                project / "forecast" / "commands.py",
                '{"town": town}',
                '{"town": town, "who": ctx.user.name}',
            )
            said = plugin(running, "update", "forecast")
            assert "forecast 1.1.0 is installed instead of 1.0.0." in said
            await ask(alice, "!forecast rome", "says 1.1.0")

            assert "forecast is at 1.0.0 again." in plugin(running, "rollback", "forecast")
            await ask(alice, "!forecast oslo", "says 1.0.0")
            shown = plugin(running, "show", "forecast")
            assert "state    ready" in shown
            assert "1.0.0, 1.1.0" in shown

            said = plugin(running, "remove", "forecast")
            assert "What it has stored stays: the table forecast_asked, " in said
            assert "forecast" not in await ask(alice, "!help", "roll")
            assert "forecast" not in running.runtime["processes"]
            await until_nothing_is_left(running, "forecast")
        assert {name: running.pid(name) for name in pids} == pids
        assert "keeps its old rules" not in (tmp_path / "rosey" / "up.log").read_text()
