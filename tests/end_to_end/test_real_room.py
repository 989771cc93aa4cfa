"""The same test of a plugin in memory and, with `--real`, against a whole Rosey."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rosey.testing import RealFailed
from rosey.testing.real import RealRosey
from tests.rosey_process import CHECKOUT

TESTS = """
import pytest
from plugins.dice.commands import plugin
from rosey.testing import Room


async def test_dice():
    async with Room(plugin, prefix="?") as room:
        (line,) = await room.says("alice", "?roll 2d6+1")
        assert line.startswith("🎲 [")
        assert line.to == ""
        assert await room.says("bob", "?roll a cat") == [
            "I cannot read “a cat” as dice. Try 2d6+3, 4d6kh3 or adv."
        ]
        assert await room.says("bob", "?flop") == ["I know no ?flop. Did you mean ?flip?"]
        assert await room.says("bob", "good evening") == []


async def test_with_a_seed():
    async with Room(plugin, seed=1) as room:
        assert len(await room.says("alice", "!flip")) == 1


@pytest.mark.in_memory
async def test_with_a_clock():
    async with Room(plugin) as room:
        room.clock.advance(1)
"""


def run(folder: Path, *options: str, **extra: str) -> tuple[int, str]:
    """pytest over TESTS, as an author has it: no conftest and no configuration."""
    (folder / "test_dice.py").write_text(TESTS)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "rosey.testing.pytest_plugin"),
            *("-o", "asyncio_mode=auto", "-p", "no:cacheprovider", "--strict-markers"),
            *("--rootdir", str(folder), *options, str(folder / "test_dice.py")),
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), "TMPDIR": str(folder), **extra},
        capture_output=True,
        text=True,
        timeout=150,
    )
    return done.returncode, done.stdout + done.stderr


def test_in_memory_all_of_them_run(tmp_path: Path) -> None:
    code, told = run(tmp_path)
    assert code == 0, told
    assert "3 passed" in told


@pytest.mark.timeout(170)
def test_with_a_real_one_those_run_that_can(tmp_path: Path) -> None:
    _, told = run(tmp_path, "--real", ROSEY_CHECKOUT=str(checkout(tmp_path / "elsewhere")))
    assert "1 failed, 1 passed, 1 deselected" in told, told
    assert "NeedsMemory: the test uses a seed, which only the room in memory has" in told
    # Nothing of her is left.
    assert not list(tmp_path.glob("rosey-*"))


def checkout(folder: Path) -> Path:
    """A checkout as --real needs one: a launcher, and the plugin in its place."""
    (folder / "bin").mkdir(parents=True)
    (folder / "plugins").symlink_to(CHECKOUT / "plugins")
    launcher = folder / "bin" / "rosey"
    launcher.write_text(f'#!/bin/sh\ncd {CHECKOUT} && exec {sys.executable} -m core "$@"\n')
    launcher.chmod(0o700)
    return folder


def test_a_plugin_that_is_not_there_is_told(tmp_path: Path) -> None:
    code, told = run(tmp_path, "--real", ROSEY_CHECKOUT=str(tmp_path))
    assert code != 0
    assert f"dice is not among the plugins of the Rosey in {tmp_path}" in told


def test_without_a_rosey_it_says_how_to_name_one(tmp_path: Path) -> None:
    kit = tmp_path / "kit"
    kit.mkdir()
    for name in ("rosey", "plugins"):
        (kit / name).symlink_to(CHECKOUT / name)
    code, told = run(tmp_path, "--real", PYTHONPATH=str(kit))
    assert code == pytest.ExitCode.USAGE_ERROR
    assert "--real finds no Rosey; name her checkout in ROSEY_CHECKOUT." in told


async def test_a_rosey_that_does_not_start_says_why() -> None:
    refused = RealRosey(CHECKOUT, "dice", {}, prefix="letters")
    with pytest.raises(RealFailed, match=r"Rosey did not start:[\s\S]*prefix"):
        await refused.start()
    assert not refused.folder.exists()


async def test_who_may_not_speak_is_told() -> None:
    """Without a Rosey that runs there is no lounge."""
    silent = RealRosey(CHECKOUT, "dice", {}, prefix="!")
    (silent.folder / "rosey.toml").touch()
    with pytest.raises(RealFailed, match="alice could not speak: No Rosey is running"):
        await silent.hear("alice", "!roll")
    await silent.stop()
