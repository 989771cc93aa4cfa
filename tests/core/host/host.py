"""Runs a host with stand-ins: `host.py JSON`.

`data`: the folder; `children`: name -> manners of child.py, names beginning with `connector`
come last; `servers`: false for none of them (a free port each otherwise), or the wanted port of
NATS; `prepare_fails`: how often preparing Temporal fails.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from core.command_line.up import ConsoleProgress
from core.config import Config
from core.errors import UserError
from core.host import service
from core.host.specs import ProcessSpec, Stage

request: dict[str, Any] = json.loads(sys.argv[1])
data = Path(request["data"])
servers = request.get("servers", False)
failures = request.get("prepare_fails", 0)


def child(name: str, manners: str) -> ProcessSpec:
    stage = Stage.CONNECTORS if name.startswith("connector") else Stage.SERVICES
    program = str(Path(__file__).with_name("child.py"))
    marks = str(data / f"{name}.marks")
    return ProcessSpec(name, (sys.executable, program, marks, *manners.split()), stage)


async def prepare(address: str) -> None:
    global failures
    failures -= 1
    if failures >= 0:
        raise RuntimeError("the namespace is not there yet")
    (data / "prepared").write_text(address)


def main() -> int:
    if servers is False:
        os.environ.update(ROSEY_NATS_URL="nats://127.0.0.1:1", TEMPORAL_ADDRESS="127.0.0.1:1")
    nats_port = 0 if isinstance(servers, bool) else servers
    config = Config.model_validate(
        {
            "lounge": {"port": 0},
            "nats": {"port": nats_port, "monitoring_port": 0},
            "temporal": {"port": 0, "ui_port": 0},
        }
    )
    own = [child(name, manners) for name, manners in request["children"].items()]
    try:
        with ConsoleProgress(config) as progress:
            asyncio.run(service.run(data, config, progress, own=own, prepare=prepare))
    except UserError as error:
        print(error)  # noqa: T201
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
