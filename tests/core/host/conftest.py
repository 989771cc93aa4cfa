"""A host in a process of its own, with stand-ins for Rosey's processes."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from core.host import control
from core.runtime import Runtime, read
from tests.core.host.stand_ins import marks

HOST = Path(__file__).with_name("host.py")
CHECKOUT = Path(__file__).parents[3]
PATIENCE = 15.0


def wait_until(condition: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """The first true value of `condition`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.005)
    return value


def gone(pid: int) -> bool:
    """Ended; a zombie nobody reaped in this container has ended too."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


@dataclass
class RunningHost:
    """A host started by host.py; `output` is what it printed."""

    data: Path
    process: "subprocess.Popen[bytes]"
    output: Path

    def said(self) -> str:
        return self.output.read_text()

    def wait_ready(self) -> Runtime:
        wait_until(lambda: "\nready\n" in f"\n{self.said()}" or self.ended(), "the host is ready")
        runtime = read(self.data)
        assert runtime is not None, self.said()
        return runtime

    def ended(self) -> bool:
        return self.process.poll() is not None

    def status(self) -> Runtime:
        return Runtime.from_dict(control.ask(self.data, {"command": "status"}, 5)["runtime"])

    def marks(self, name: str) -> list[int]:
        """The pids with which a stand-in was started so far."""
        return marks(self.data, name)

    def pids(self) -> list[int]:
        return [each.pid for each in self.status().processes.values() if each.pid]


@pytest.fixture
def start_host(tmp_path: Path) -> Iterator[Callable[..., RunningHost]]:
    """Starts hosts: `start(children={"router": "crash"}, servers=True)`."""
    hosts: list[RunningHost] = []

    def start(
        data: Path | None = None, children: dict[str, str] | None = None, servers: bool = False
    ) -> RunningHost:
        folder = data or tmp_path / "data"
        folder.mkdir(parents=True, exist_ok=True)
        output = tmp_path / f"output-{len(hosts)}"
        environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
        request = {"data": str(folder), "children": children or {}, "servers": servers}
        with output.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, str(HOST), json.dumps(request)],
                stdout=file,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )
        hosts.append(RunningHost(folder, process, output))
        return hosts[-1]

    yield start
    for host in hosts:
        if not host.ended():
            host.process.send_signal(signal.SIGTERM)
        try:
            host.process.wait(10)
        except subprocess.TimeoutExpired:
            host.process.kill()
            host.process.wait()
