"""A real nats-server with rules, and clients with and without keys."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.authority.keys import Keys
from core.authority.rights import Rights, all_rights
from core.authority.server_rules import rules
from core.host import nats
from core.host.ports import free_port
from core.plugins import CONNECTORS, manifests
from rosey.manifest import load_connector
from tests.servers import binary, wait_for_port


def everybody() -> list[Rights]:
    """All plugins of the checkout, a connection to the lounge and one to a site."""
    connections = {"lounge": "lounge", "cytube-friends": "cytube"}
    return all_rights(
        manifests(), {name: load_connector(CONNECTORS / each) for name, each in connections.items()}
    )


@dataclass
class Guarded:
    """A running server, its data folder and its log."""

    data: Path
    server: nats.Server
    process: "subprocess.Popen[bytes]"

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.server.port}"

    @property
    def log(self) -> Path:
        return self.data / "nats.log"

    @property
    def keys(self) -> Keys:
        return Keys(self.data)


@contextmanager
def guarded(data: Path, more: dict[str, Any] | None = None) -> Iterator[Guarded]:
    """Starts one; `more` is added to its configuration in place of our own rules."""
    server = nats.Server(data / "nats", free_port(), free_port(), "1s")
    server.folder.mkdir(parents=True)
    chosen = rules(Keys(data), everybody()) if more is None else more
    server.file.write_text(server.configuration(chosen))
    with (data / "nats.log").open("ab") as log:
        process = subprocess.Popen(
            [binary("nats-server"), "-c", str(server.file)], stdout=log, stderr=log
        )
    try:
        wait_for_port(server.port, process)
        yield Guarded(data, server, process)
    finally:
        process.kill()
        process.wait()
