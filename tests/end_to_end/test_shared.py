"""The same plugins in processes of their own, and in one that they share."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from connectors.lounge.guest import Guest
from core.command_line.running import ask as ask_host
from tests.end_to_end.test_memory import ask
from tests.rosey_process import RoseyProcess, rosey
from tests.servers import environment

PLUGINS = ("dice", "eightball", "quote", "trivia")


async def play(running: RoseyProcess, name: str) -> None:
    """A little of everything that they can."""
    async with Guest(running.room, name=name) as guest:
        await ask(guest, "!roll 2d6+50", "+ 50 = ")
        await ask(guest, f"!8ball Is this {name}?", f"“Is this {name}?”")
        await ask(guest, f"!quote add {name} was here", "Kept as quote")
        await ask(guest, "!quote stats", "quote")
        await ask(guest, "!trivia stats", "You have not played trivia here yet")


@contextmanager
def shared(running: RoseyProcess, log: Path) -> Iterator[None]:
    words = (sys.executable, "-m", "core", "worker", *PLUGINS)
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*words, "--data", str(running.data), "--config", str(running.config)],
            cwd=running.checkout,
            env=environment(),
            stdout=file,
            stderr=subprocess.STDOUT,
        )
        try:
            yield
            assert process.poll() is None
        finally:
            process.terminate()
            process.wait(20)


@pytest.mark.timeout(180)
async def test_both_ways(tmp_path: Path) -> None:
    with rosey(tmp_path / "rosey") as running:
        await play(running, "alice")
        pids = [running.pid(name) for name in PLUGINS]
        for name in PLUGINS:
            ask_host(running.data, {"command": "disable", "name": name})
        assert not any(psutil.pid_exists(pid) for pid in pids)
        with shared(running, tmp_path / "shared.log"):
            await play(running, "bob")
        assert "shares its process, so it has no box" in (tmp_path / "shared.log").read_text()
