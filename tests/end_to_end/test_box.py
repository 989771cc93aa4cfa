"""A room with plugins that mean no good: they stay in their boxes, and dice answers as ever."""

import asyncio
import os
import shutil
import statistics
import time
from collections.abc import Iterator

import psutil
import pytest

from connectors.lounge.guest import Guest
from core.host.share import AT_FIRST
from tests.end_to_end.players import until_line
from tests.end_to_end.test_memory import ask
from tests.rosey_process import CHECKOUT, QUICK_ROOM, RoseyProcess, rosey
from tests.servers import until

ROLLS = 9
PACKAGES = ("rosey", "core", "connectors", "workflows", "activities", "temporal", "migrations")
MANIFEST = """
name = "hog"
version = "1.0.0"
summary = "Takes what it can get"
entry = "plugins.hog.commands:plugin"
settings = "plugins.hog.commands:Settings"
actions = ["say", "pm"]
limits = { memory = 128, cpu = 0.5 }
"""
CODE = '''
import asyncio
from pathlib import Path

from pydantic import BaseModel

from rosey import Context, Plugin, Rest

plugin = Plugin("hog")
kept = []


class Settings(BaseModel):
    word: str = "nothing"


@plugin.command("hog told")
async def told(ctx: Context) -> str:
    """What it is told."""
    return f"told {ctx.settings.word}"


@plugin.command("hog peek")
async def peek(ctx: Context, path: Rest) -> str:
    """Reads a file."""
    try:
        return f"peeked {Path(path).read_text()[:20]}"
    except OSError as problem:
        return f"peek: {problem.strerror}"


@plugin.command("hog sneak")
async def sneak(ctx: Context) -> str:
    """Imports what it should not."""
    try:
        import subprocess
    except ImportError as problem:
        return f"sneak: {problem}"
    return "sneaked"


@plugin.command("hog spin")
async def spin(ctx: Context) -> str:
    """Never ends."""
    while True:
        pass


@plugin.command("hog eat")
async def eat(ctx: Context) -> str:
    """Keeps what it gets, a little at a time."""
    try:
        while True:
            kept.append(bytearray(2**20))
            await asyncio.sleep(0.001)
    except MemoryError:
        await asyncio.sleep(60)


@plugin.command("hog note")
async def note(ctx: Context) -> str:
    """Keeps something in a file of its own."""
    db = ctx.local_db()
    with db:
        db.execute("CREATE TABLE IF NOT EXISTS notes (text)")
        db.execute("INSERT INTO notes VALUES ('x')")
        (count,) = db.execute("SELECT count(*) FROM notes").fetchone()
    db.close()
    return f"noted {count}"
'''
CONFIG = f"""
sandbox = "require"
dev = true
{QUICK_ROOM}
plugins.hog = {{ word = "apple" }}
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RoseyProcess]:
    """A Rosey of her own code and two plugins more."""
    checkout = tmp_path_factory.mktemp("checkout")
    ignored = shutil.ignore_patterns("__pycache__")
    for name in (*PACKAGES, "plugins"):
        shutil.copytree(CHECKOUT / name, checkout / name, ignore=ignored)
    for name in ("hog", "mill"):
        folder = checkout / "plugins" / name
        folder.mkdir()
        (folder / "plugin.toml").write_text(MANIFEST.replace("hog", name))
        (folder / "commands.py").write_text(CODE.replace("hog", name))
        (folder / "__init__.py").touch()
    with rosey(tmp_path_factory.mktemp("rosey"), CONFIG, checkout, PYTHONPATH="") as process:
        yield process


async def test_status_says_what_is_enforced(running: RoseyProcess) -> None:
    lines = running.command("status").stdout.splitlines()
    whole = "enforced: fs, network, exec, memory, cpu"
    for name in ("dice", "hog", "mill"):
        (line,) = (each for each in lines if each.startswith(f"{name}: enforced: "))
        if network_of(running.pid(name)) != network_of(running.runtime["pid"]):
            assert line == f"{name}: {whole}"
        else:  # a system that does not give it one of its own
            assert line.startswith(f"{name}: enforced: fs, network (TCP port ")
            assert line.endswith("), exec, memory, cpu")
    assert not any(line.startswith("trivia: enforced") for line in lines)
    assert "is in its box; enforced: fs, network" in running.log("dice")


def network_of(pid: int) -> str:
    return os.readlink(f"/proc/{pid}/ns/net")


async def test_it_sees_its_own_and_no_more(running: RoseyProcess) -> None:
    async with Guest(running.room, name="alice") as alice:
        await alice.say("!hog told")
        await until_line(alice, "told apple")
        secret = running.data / "keys" / "plugin-hog.nk"
        for count, path in enumerate(("/etc/passwd", running.config, secret), 1):
            await alice.say(f"!hog peek {path}")
            await until_line(alice, "peek: Permission denied", count)
        await alice.say("!hog note")
        await until_line(alice, "noted 1")
        assert (running.data / "plugins" / "hog" / "local.db").is_file()
        await alice.say("!hog sneak")
        line = await until_line(alice, "sneak: ")
        assert "commands.py:36: import subprocess: a plugin that is not trusted" in line
        running.config.write_text(CONFIG.replace("apple", "pear"))
        await ask(alice, "!hog told", "told pear")


async def test_a_spinner_gets_its_share_while_dice_answers(running: RoseyProcess) -> None:
    spinner = psutil.Process(running.pid("mill"))
    async with Guest(running.room, name="carol") as carol:
        quiet = await answer_time(carol, 0)
        await carol.say("!mill spin")
        # Until it has used up what it has for its start.
        await until(lambda: spinner.cpu_times().user > 2 * AT_FIRST, 60)
        began, used = time.monotonic(), spinner.cpu_times().user
        beside_it = await answer_time(carol, ROLLS)
        share = (spinner.cpu_times().user - used) / (time.monotonic() - began)
    assert share < 0.65
    assert beside_it < 3 * quiet + 0.5
    assert running.runtime["processes"]["dice"]["restarts"] == 0


async def test_nats_ends_and_they_find_it_again(running: RoseyProcess) -> None:
    before = [running.runtime["processes"][name]["restarts"] for name in ("dice", "mill")]
    async with Guest(running.room, name="dave") as dave:
        await dave.say("!roll d6")
        await until_line(dave, "🎲")
        psutil.Process(running.pid("nats")).kill()
        await until(lambda: "connected to NATS again" in running.log("dice"), 60)
        await ask(dave, "!roll d6", "🎲")
    after = [running.runtime["processes"][name]["restarts"] for name in ("dice", "mill")]
    assert after == before


async def answer_time(guest: Guest, before: int) -> float:
    """The median of some rolls; `before`: how many there were already."""
    times = []
    for count in range(before + 1, before + ROLLS + 1):
        asked = time.monotonic()
        await guest.say("!roll d6")
        await until_line(guest, "🎲", count)
        times.append(time.monotonic() - asked)
        # Spread over many of the spinner's turns: some rolls come while it is stopped.
        await asyncio.sleep(0.3)
    return statistics.median(times)


async def test_a_memory_hog_dies_at_its_limit(running: RoseyProcess) -> None:
    async with Guest(running.room, name="bob") as bob:
        await bob.say("!hog eat")
        await until(lambda: running.runtime["processes"]["hog"]["restarts"] > 0, 30)
        error = running.runtime["processes"]["hog"]["last_error"]
        assert "MB of memory; its limit is 128" in error
        await bob.say("!roll d6")
        await until_line(bob, "🎲")
    assert running.runtime["processes"]["dice"]["restarts"] == 0
