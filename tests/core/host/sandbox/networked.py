"""Enters the box with a network of its own, then tries what it is told to, a line at a time.

`networked.py JSON`: `own` is its folder, `servers` the NATS servers, `abi` the version of Landlock,
`refused` the error a system gives that lets nobody have a network of one's own. Says first what is
enforced; then for each line `HOST PORT` how the try to connect ended and what was said there.
"""

import json
import os
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from core.host import notify
from core.host.sandbox import box, environment, network
from core.host.sandbox.box import Box
from tests.core.host.sandbox.inside import death_signal, outcome


def refuse(number: int) -> None:
    def refused() -> None:
        raise OSError(number, os.strerror(number))

    vars(network)["_leave"] = refused


def enter(asked: dict[str, Any]) -> dict[str, Any]:
    own = Path(asked["own"])
    servers = [(host, port) for host, port in asked["servers"]]
    channel = notify.relay()
    assert channel is not None
    ports = [port for _, port in servers]
    relay = network.Relay(channel, servers)
    here = Box("hostile", environment.readable(), own, ports, 256, 0.5, True, (), relay)
    enforced = box.enter(here, asked.get("abi"))
    if enforced.own_network:
        environment.rename(network.inside(servers))
    return {
        "words": str(enforced),
        "remarks": enforced.remarks,
        "own": enforced.own_network,
        "death signal": death_signal(),
    }


def heard(host: str, port: int) -> str:
    """What is said first, or "" when the other side ends the connection before."""
    with socket.create_connection((host, port), 20) as connection, suppress(ConnectionError):
        return connection.recv(4).decode()
    return ""


def main() -> None:
    asked = json.loads(sys.argv[1])
    if "refused" in asked:
        refuse(asked["refused"])
    print(json.dumps(enter(asked)), flush=True)  # noqa: T201
    for line in sys.stdin:
        host, port = line.split()
        said: list[str] = []

        def attempt(host: str = host, port: int = int(port), said: list[str] = said) -> None:
            said.append(heard(host, port))

        ended = outcome(attempt)
        print(json.dumps([ended, "".join(said)]), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
