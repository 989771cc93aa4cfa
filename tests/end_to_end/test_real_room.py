"""The same test of a plugin in memory and, with `--real`, against a whole Rosey."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from core.installed import skeleton
from rosey.testing import NeedsMemory, RealFailed
from rosey.testing.real import RealRosey, to_install
from tests.core.installed import samples
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
    alone = ("-o", "asyncio_mode=auto", "--strict-markers", "--rootdir", str(folder))
    return run_pytest(folder, *alone, *options, str(folder / "test_dice.py"), **extra)


def run_pytest(folder: Path, *options: str, **extra: str) -> tuple[int, str]:
    """Where the kit is installed, pytest knows its plugin without being told."""
    kit = ("-p", "rosey.testing.pytest_plugin", "-p", "no:cacheprovider")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *kit, *options],
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


def the_kit(folder: Path) -> str:
    """What an author has who installed the kit: nothing of Rosey but `rosey`."""
    kit = folder / "kit"
    kit.mkdir()
    (kit / "rosey").symlink_to(CHECKOUT / "rosey")
    return str(kit)


@pytest.mark.timeout(240)
def test_a_stranger_s_plugin_is_installed_first(tmp_path: Path) -> None:
    project = skeleton.write("tally", tmp_path, durable=False)
    # One of its tests is no longer right, so one passes and one fails.
    samples.change(project / "tally" / "commands.py", "to {MOST}", "and {MOST}")
    _, told = run_pytest(
        *(project, "--real", "-k", "heads or refused"),
        PYTHONPATH=the_kit(tmp_path),
        ROSEY_CHECKOUT=str(checkout(tmp_path / "elsewhere")),
        TMPDIR=str(tmp_path),
    )
    assert "1 failed, 1 passed, 1 deselected" in told, told
    assert "assert ['I can toss 1 and 20.'] == ['I can toss 1 to 20.']" in told
    assert not list(tmp_path.glob("rosey-*"))


async def test_what_cannot_be_installed_is_told(tmp_path: Path) -> None:
    package = skeleton.write("tally", tmp_path, durable=False) / "tally"
    samples.change(package / "plugin.toml", '"say"', '"shout"')
    refused = RealRosey(CHECKOUT, "tally", {}, "!", package)
    why = rf"Rosey did not install {re.escape(str(package))}:\n[\s\S]*'shout' is not one of say, pm"
    with pytest.raises(RealFailed, match=why):
        await refused.start()
    assert not refused.folder.exists()


def test_a_plugin_without_a_manifest_cannot_be_installed(tmp_path: Path) -> None:
    with pytest.raises(NeedsMemory, match=r"tally has no plugin\.toml above its code"):
        to_install(CHECKOUT, "tally", None)
    assert to_install(CHECKOUT, "tally", tmp_path) == tmp_path
    assert to_install(CHECKOUT, "dice", None) is None
    assert to_install(CHECKOUT, "dice", CHECKOUT / "plugins" / "dice") is None


def test_without_a_rosey_it_says_how_to_name_one(tmp_path: Path) -> None:
    kit = the_kit(tmp_path)
    code, told = run(tmp_path, "--real", PYTHONPATH=kit)
    assert code == pytest.ExitCode.USAGE_ERROR
    assert "--real finds no Rosey; name her checkout, the folder with bin/rosey in it: " in told
    assert "ROSEY_CHECKOUT=/path/to/rosey python -m pytest --real" in told
    code, told = run(tmp_path, "--real", PYTHONPATH=kit, ROSEY_CHECKOUT=str(tmp_path))
    assert code == pytest.ExitCode.USAGE_ERROR
    assert "ROSEY_CHECKOUT is to name Rosey's checkout, and there is no bin/rosey in" in told


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
