"""What surrounds a boxed process: few variables, few folders, and names it can still look up."""

import os
import socket
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from core.host.sandbox.network import is_number
from core.plugins import CHECKOUT

KEPT = (
    "LANG",
    "LANGUAGE",
    "LD_LIBRARY_PATH",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONUNBUFFERED",
    "ROSEY_LOG",
    "ROSEY_NATS_URL",
    "TEMPORAL_ADDRESS",
    "TZ",
)
# Where the system keeps libraries, which Python loads when a module needs them, and time zones.
SYSTEM = (
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/usr/share/zoneinfo",
    "/dev/urandom",
)
OURS = ("rosey", "core")
NATS_PORT = 4222


def scrubbed(environment: Mapping[str, str], more: Iterable[str] = ()) -> dict[str, str]:
    """Only what a plugin's process needs, and the variables named in `more`."""
    wanted = {*KEPT, *more}
    kept = {
        key: value for key, value in environment.items() if key in wanted or key.startswith("LC_")
    }
    return kept | {"PYTHONPATH": str(CHECKOUT)}


def make_home(folder: Path) -> None:
    """The only folder it may write to; what asks for a home or for room finds it there."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ.update(HOME=str(folder), TMPDIR=str(folder))


def readable(*more: Path) -> tuple[Path, ...]:
    """Where Python looks for modules, Rosey's own code that plugins use, and `more`."""
    python = (Path(each) for each in sys.path if each and Path(each) != CHECKOUT)
    ours = (CHECKOUT / each for each in OURS)
    return (*python, *ours, *map(Path, SYSTEM), *more)


def ports(urls: str) -> tuple[int, ...]:
    """Those of NATS addresses with commas between."""
    return tuple(dict.fromkeys(port for _, port in servers(urls)))


def servers(urls: str) -> tuple[tuple[str, int], ...]:
    """Host and port of each of NATS addresses with commas between."""
    each = ((one.hostname or "localhost", one.port or NATS_PORT) for one in _split(urls))
    return tuple(dict.fromkeys(each))


def remember_names(urls: str) -> None:
    """Looks up the servers' names now: in the box nobody answers such questions."""
    known: dict[str, list[Any]] = {}
    for address in _split(urls):
        if address.hostname and not is_number(address.hostname):
            with suppress(OSError):  # said again, and better, by who connects to it
                known[address.hostname] = socket.getaddrinfo(
                    address.hostname, address.port or NATS_PORT, type=socket.SOCK_STREAM
                )
    if not known:
        return
    look_up = socket.getaddrinfo

    def remembered(host: Any, port: Any, *arguments: Any, **named: Any) -> list[Any]:
        if host not in known:
            return look_up(host, port, *arguments, **named)
        return [(*each[:4], (each[4][0], port, *each[4][2:])) for each in known[host]]

    vars(socket)["getaddrinfo"] = remembered


def rename(addresses: Mapping[str, str]) -> None:
    """From here on each of these hosts is at the address given with it."""
    look_up = socket.getaddrinfo

    def renamed(host: Any, port: Any, *arguments: Any, **named: Any) -> list[Any]:
        return look_up(addresses.get(host, host), port, *arguments, **named)

    vars(socket)["getaddrinfo"] = renamed


def _split(urls: str) -> list[Any]:
    each = (url.strip() for url in urls.split(","))
    return [urlsplit(url if "://" in url else f"nats://{url}") for url in each]
