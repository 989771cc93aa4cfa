"""A whole Rosey as a process of its own on a temporary data folder."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tests.servers import environment

CHECKOUT = Path(__file__).resolve().parent.parent
PATIENCE = 60.0

QUICK_ROOM = """
[nats]
port = 0
monitoring_port = 0

[temporal]
port = 0
ui_port = 0

[lounge]
port = 0

[channels."lounge/lobby"]
plugins.trivia = { lead_in = 0.5, between = 0.5, seconds = 60, grace = 30 }
"""


@dataclass
class RoseyProcess:
    """`bin/rosey up`, with the means to hurt it."""

    data: Path
    config: Path
    process: "subprocess.Popen[bytes]"
    checkout: Path = CHECKOUT

    def command(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Runs another `rosey` command on the same data folder."""
        asks_host = words[0] in ("status", "restart", "reload", "down", "logs") or (
            words[:2] in (("plugin", "enable"), ("plugin", "disable"), ("plugin", "rooms"))
        )
        config = () if asks_host else ("--config", str(self.config))
        return subprocess.run(
            [sys.executable, "-m", "core", *words, "--data", str(self.data), *config],
            cwd=self.checkout,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=60,
        )

    @property
    def runtime(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.data / "runtime.json").read_text())
        return found

    @property
    def room(self) -> str:
        return str(self.runtime["addresses"]["lounge"])

    def pid(self, name: str) -> int:
        return int(self.runtime["processes"][name]["pid"])

    def kill(self, name: str) -> int:
        """As a crash would; returns the process id that is no more."""
        pid = self.pid(name)
        os.kill(pid, signal.SIGKILL)
        return pid

    def wait_ready(self, name: str, not_pid: int = 0, patience: float = 20.0) -> None:
        """Waits until the host says that a fresh process of that name is ready."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            with suppress(KeyError, ValueError, OSError):
                state = self.runtime["processes"][name]
                if state["state"] == "ready" and state["pid"] != not_pid:
                    return
            time.sleep(0.05)
        raise AssertionError(f"{name} is not ready: {self.runtime['processes'].get(name)}")

    def log(self, name: str) -> str:
        return (self.data / "logs" / f"{name}.log").read_text(errors="replace")


@contextmanager
def rosey(
    folder: Path, config: str = QUICK_ROOM, checkout: Path = CHECKOUT, **extra: str
) -> Iterator[RoseyProcess]:
    """Starts Rosey, waits for `ready`, and sees to it that nothing is left afterwards.

    `checkout` is where her code is; `extra` is added to her environment.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "rosey.toml"
    file.write_text(config)
    data = folder / "data"
    with (folder / "up.log").open("wb") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "core", "up"),
                *("--data", str(data), "--config", str(file)),
            ],
            cwd=checkout,
            env=environment(**extra),
            stdout=log,
            stderr=log,
        )
    try:
        _wait_for_word(folder / "up.log", process)
        yield RoseyProcess(data, file, process, checkout)
    finally:
        children = psutil.Process(process.pid).children(recursive=True) if _alive(process) else []
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        _, left = psutil.wait_procs(children, timeout=5)
        assert not left, f"still running: {left}"


def _alive(process: "subprocess.Popen[bytes]") -> bool:
    return process.poll() is None


def _wait_for_word(log: Path, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if "ready" in log.read_text(errors="replace").splitlines():
            return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise AssertionError(f"Rosey did not start:\n{log.read_text(errors='replace')}")
