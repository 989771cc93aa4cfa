"""Real servers for tests, each on its own port and folder, ended with the test that wanted it."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from core.host.ports import free_port

BINARIES = Path(sys.executable).parent


def binary(name: str) -> str:
    """A server's program from the environment, or from PATH."""
    beside = BINARIES / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if not found:
        raise FileNotFoundError(f"{name} is missing; it comes with requirements.lock")
    return found


def wait_for_port(port: int, process: "subprocess.Popen[bytes]", patience: float = 30.0) -> None:
    """Raises RuntimeError when the process ends or nothing listens in time."""
    import time

    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
            return
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.02)
    raise RuntimeError(f"nothing listens on {port}")


@dataclass
class NatsServer:
    """A nats-server with JetStream that can be killed and started again on the same data."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    @property
    def arguments(self) -> list[str]:
        """Where it keeps what; another kind of server has others."""
        return ["-js", "-sd", str(self.folder)]

    def start(self) -> "NatsServer":
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "nats.log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(binary("nats-server"), "-a", "127.0.0.1", "-p", str(self.port)),
                    *self.arguments,
                ],
                stdout=log,
                stderr=log,
            )
        wait_for_port(self.port, self.process)
        return self

    def kill(self) -> None:
        """As a crash would: no chance to tidy up."""
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None


@contextmanager
def nats_server(folder: Path) -> Iterator[NatsServer]:
    server = NatsServer(folder).start()
    try:
        yield server
    finally:
        server.kill()


async def until(condition: object, patience: float = 10.0, what: str = "") -> None:
    """Waits until `condition()` holds; fails with `what` after `patience` seconds."""
    assert callable(condition)
    deadline = asyncio.get_running_loop().time() + patience
    while not condition():
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"waited {patience} s in vain{': ' + what if what else ''}")
        await asyncio.sleep(0.01)


def environment(**extra: str) -> dict[str, str]:
    """This process's environment without settings that would point tests at real servers."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("ROSEY_", "TEMPORAL_", "NATS_"))
    }
    return kept | extra
