"""`bin/rosey database` as a process of its own, on a real nats-server."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from core.config import CHECKOUT
from tests.postgres_server import PostgresServer
from tests.servers import environment

PATIENCE = 20.0


@dataclass
class DatabaseProcess:
    """Can be killed and started again on the same data.

    `nats` is the bus's address, `url` the database's; None is a file in `data`.
    """

    nats: str
    data: Path
    url: str | None = None
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def log(self) -> Path:
        return self.data / "database.log"

    @property
    def pid(self) -> int:
        assert self.process
        return self.process.pid

    def start(self) -> "DatabaseProcess":
        """Waits until it says that it is ready."""
        self.data.mkdir(parents=True, exist_ok=True)
        reading, writing = os.pipe()
        more = {"ROSEY_DATABASE_URL": self.url} if self.url else {}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "core", "database", "--data", str(self.data)],
                env=environment(
                    ROSEY_NATS_URL=self.nats,
                    TEMPORAL_ADDRESS="127.0.0.1:1",
                    ROSEY_READY_FD=str(writing),
                    PYTHONPATH=str(CHECKOUT),
                    **more,
                ),
                pass_fds=[writing],
                stdout=log,
                stderr=log,
            )
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            assert pipe.readline() == b"ready\n", self.log.read_text()
        return self

    def kill(self) -> None:
        """As a crash would."""
        assert self.process
        self.process.kill()
        self.process.wait()
        self.process = None

    def terminate(self) -> int:
        """As the host does; the exit code."""
        assert self.process
        self.process.terminate()
        code = self.process.wait(PATIENCE)
        self.process = None
        return code


@contextmanager
def database_process(nats: str, data: Path, url: str | None = None) -> Iterator[DatabaseProcess]:
    service = DatabaseProcess(nats, data, url).start()
    try:
        yield service
    finally:
        if service.process:
            service.kill()


@contextmanager
def stopped(server: PostgresServer) -> Iterator[None]:
    """The server and all of its processes hang."""
    family = [psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)]
    for each in family:
        each.suspend()
    try:
        yield
    finally:
        for each in family:
            each.resume()
