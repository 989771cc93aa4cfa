"""A stranger's plugin in a running Rosey: installed, used, updated, taken back and removed."""

from pathlib import Path

import pytest

from connectors.lounge.guest import Guest
from tests.core.installed import samples
from tests.end_to_end.test_memory import ask
from tests.rosey_process import RoseyProcess, rosey


def plugin(running: RoseyProcess, *words: str) -> str:
    """What `bin/rosey plugin` says."""
    done = running.command("plugin", *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


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
        assert {name: running.pid(name) for name in pids} == pids
        assert "keeps its old rules" not in (tmp_path / "rosey" / "up.log").read_text()
