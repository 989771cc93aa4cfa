"""Runs a host with stand-ins: `host.py JSON`.

`data`: the folder; `children`: name -> manners of child.py; `servers`: whether to start them.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from core.command_line.up import ConsoleProgress
from core.errors import UserError
from core.host import service
from tests.core.host.stand_ins import child, settings

request: dict[str, Any] = json.loads(sys.argv[1])
data = Path(request["data"])


async def prepare(address: str) -> None:
    (data / "prepared").write_text(address)


def main() -> int:
    if not request["servers"]:
        os.environ.update(ROSEY_NATS_URL="nats://127.0.0.1:1", TEMPORAL_ADDRESS="127.0.0.1:1")
    own = [child(data, name, manners) for name, manners in request["children"].items()]
    config = settings()
    try:
        with ConsoleProgress(config) as progress:
            asyncio.run(service.run(data, config, progress, own=own, prepare=prepare))
    except UserError as error:
        print(error)  # noqa: T201
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
