"""Somebody's first plugin, from nothing to a room and back, by the commands he would type."""

from pathlib import Path

import pytest

from connectors.lounge.guest import Guest
from tests.core.installed import samples
from tests.core.installed.test_skeleton import run
from tests.end_to_end.test_memory import ask
from tests.rosey_process import RoseyProcess, rosey

MANIFEST = "plugin.toml"


def plugin(running: RoseyProcess, *words: str) -> str:
    """What `bin/rosey plugin` says."""
    done = running.command("plugin", *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.timeout(180)
async def test_a_first_plugin(tmp_path: Path) -> None:
    with rosey(tmp_path / "rosey") as running:
        run(tmp_path, "core", "plugin", "new", "tally")
        project = tmp_path / "tally"
        run(project, "pytest", "-q", "-p", "no:cacheprovider")
        run(running.data, "core", "plugin", "check", str(project))
        assert plugin(running, "install", str(project), "--yes").endswith("It runs now.\n")
        async with Guest(running.room, name="alice") as alice:
            await ask(alice, "!tally 20", "heads")
            assert "is off here now" in plugin(running, "disable", "tally")
            assert "lounge/lobby" in plugin(running, "rooms")
            plugin(running, "enable", "tally")

            samples.change(project / "tally" / "commands.py", '"heads", "tails"', '"up", "up"')
            samples.change(project / "tally" / MANIFEST, "1.0.0", "1.1.0")
            pid = running.pid("tally")
            plugin(running, "update", "tally")
            assert await ask(alice, "!tally", "up") == "up"
            assert running.pid("tally") != pid

            pid = running.pid("tally")
            assert running.command("reload", "tally").returncode == 0
            assert running.pid("tally") != pid
            assert await ask(alice, "!tally 2", "up up") == "up up"

            plugin(running, "rollback", "tally")
            await ask(alice, "!tally 20", "heads")
