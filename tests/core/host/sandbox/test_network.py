"""A network of its own, tried from inside by root and by an ordinary user."""

import asyncio
import errno
import json
import os
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from core.config import CHECKOUT
from core.host import notify
from core.host.sandbox import environment, landlock, network
from core.host.sandbox.relay import relayed
from tests.servers import NatsServer, until

NETWORKED = Path(__file__).with_name("networked.py")
NOT_ROOT = CHECKOUT / "tests" / "not_root.py"
WHO = ("root", "somebody") if os.geteuid() == 0 else ("somebody",)
# Older than all rules for TCP: here the network alone holds.
NO_PORTS = landlock.FIRST_WITH_PORTS - 1
Servers = list[tuple[str, int]]


class Inside:
    """The process, and what it says."""

    def __init__(self, process: asyncio.subprocess.Process, told: dict[str, Any]) -> None:
        self.process = process
        self.told = told

    async def connect(self, host: str, port: int) -> tuple[str, str]:
        """How it ended, and what was heard."""
        assert self.process.stdin
        self.process.stdin.write(f"{host} {port}\n".encode())
        ended, said = json.loads(await _line(self.process))
        return ended, said


Start = Callable[..., Awaitable[Inside]]


async def _line(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout
    async with asyncio.timeout(60):
        return await process.stdout.readline()


@pytest.fixture(params=WHO)
async def start(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Start]:
    before = [str(NOT_ROOT), sys.executable] if request.param == "somebody" else []
    (tmp_path / "own").mkdir()
    async with AsyncExitStack() as stack:

        async def run(servers: Servers, outside: Servers | None = None, **asked: Any) -> Inside:
            asked |= {"own": str(tmp_path / "own"), "servers": servers}
            words = [sys.executable, *before, "-P", str(NETWORKED), json.dumps(asked)]
            return await stack.enter_async_context(_running(words, outside or servers))

        yield run


@asynccontextmanager
async def _running(words: list[str], servers: Servers) -> AsyncIterator[Inside]:
    async with relayed("hostile", lambda: servers) as channel:
        process = await asyncio.create_subprocess_exec(
            *words,
            env={"PYTHONPATH": str(CHECKOUT), notify.RELAY: str(channel.fileno())},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            pass_fds=[channel.fileno()],
        )
        channel.close()
        try:
            yield Inside(process, json.loads(await _line(process)))
        finally:
            process.kill()
            await process.wait()


def has_its_own(inside: Inside) -> bool:
    """Whether this system gave it one; where it gives none to anybody, it must say so."""
    why = "this system does not give it a network of its own"
    assert inside.told["own"] is (why not in inside.told["words"])
    return bool(inside.told["own"])


def own_addresses() -> list[str]:
    """Of this machine, beside the loopback ones; no packet is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        try:
            one.connect(("192.0.2.1", 9))
        except OSError:
            return []
        return [one.getsockname()[0]]


@pytest.mark.parametrize("abi", [None, NO_PORTS, 0])
async def test_nats_alone_is_there(nats: NatsServer, start: Start, abi: int | None) -> None:
    inside = await start([("127.0.0.1", nats.port)], abi=abi)
    if not has_its_own(inside):
        return
    assert inside.told["death signal"] in (0, 9)
    assert "network" in inside.told["words"].partition(" / not")[0]
    assert "network (" not in inside.told["words"]
    assert inside.told["remarks"][0] == "NATS can be reached, through the host, nothing else at all"
    assert await inside.connect("127.0.0.1", nats.port) == ("done", "INFO")
    with socket.create_server(("0.0.0.0", 0)) as everywhere:
        port = everywhere.getsockname()[1]
        socket.create_connection(("127.0.0.1", port), 5).close()
        filtered = abi is None and landlock.version() >= landlock.FIRST_WITH_PORTS
        refused = "EACCES" if filtered else "ECONNREFUSED"
        assert await inside.connect("127.0.0.1", port) == (refused, "")
    assert await inside.connect("127.0.0.2", nats.port) == ("ECONNREFUSED", "")
    for address in ("192.0.2.77", *own_addresses()):
        assert await inside.connect(address, nats.port) == ("ENETUNREACH", "")


async def test_nats_that_ends_and_comes_back(nats: NatsServer, start: Start) -> None:
    inside = await start([("127.0.0.1", nats.port)])
    if not has_its_own(inside):
        return
    assert await inside.connect("127.0.0.1", nats.port) == ("done", "INFO")
    nats.kill()
    assert await inside.connect("127.0.0.1", nats.port) == ("done", "")
    nats.start()
    assert await inside.connect("127.0.0.1", nats.port) == ("done", "INFO")


async def test_names_and_numbers_elsewhere(nats: NatsServer, start: Start) -> None:
    """In there they are as they were given, so TLS goes on to check them; outside they are real."""
    named = [("bus.example", nats.port), ("192.0.2.7", nats.port), ("away.example", nats.port)]
    real = ("127.0.0.1", nats.port)
    inside = await start(named, [real, real, ("127.0.0.1", 1)])
    if not has_its_own(inside):
        return
    assert await inside.connect("bus.example", nats.port) == ("done", "INFO")
    assert await inside.connect("192.0.2.7", nats.port) == ("done", "INFO")
    assert await inside.connect("away.example", nats.port) == ("done", "")
    assert await inside.connect("192.0.2.8", nats.port) == ("ENETUNREACH", "")


@pytest.mark.parametrize("abi", [None, NO_PORTS])
async def test_where_nobody_may_have_one(nats: NatsServer, start: Start, abi: int | None) -> None:
    inside = await start([("127.0.0.1", nats.port)], abi=abi, refused=errno.EPERM)
    why = "this system does not give it a network of its own: Operation not permitted"
    assert not inside.told["own"]
    if abi is None and landlock.version() >= landlock.FIRST_WITH_PORTS:
        part = f"network (TCP port {nats.port} at any address: {why})"
    else:
        old = "only Linux 6.7 and newer can refuse TCP by its port"
        part = f"not enforced: network ({old}, and {why}"
    assert part in inside.told["words"]
    assert await inside.connect("127.0.0.1", nats.port) == ("done", "INFO")


async def test_a_number_that_cannot_be_had(nats: NatsServer, start: Start) -> None:
    inside = await start([("2001:db8::1", nats.port), ("127.0.0.1", nats.port)])
    assert not inside.told["own"]
    assert await inside.connect("127.0.0.1", nats.port) == ("done", "INFO")


async def test_addresses_that_changed_meanwhile(
    nats: NatsServer, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    here = ("127.0.0.1", nats.port)
    inside = await start([here], [here, here])
    if not has_its_own(inside):
        return
    await until(lambda: "its addresses have changed meanwhile" in caplog.text, 30)
    assert await inside.connect(*here) == ("ECONNREFUSED", "")


def test_where_the_servers_are() -> None:
    urls = "nats://bus.example,tls://10.1.2.3:99, localhost:7, nats://127.0.0.1:8, nats://[::1]:9"
    servers = environment.servers(urls)
    assert servers[0] == ("bus.example", 4222)
    assert network.inside(servers) == {
        "bus.example": "127.0.0.2",
        "10.1.2.3": "10.1.2.3",
        "localhost": "127.0.0.3",
        "127.0.0.1": "127.0.0.1",
        "::1": "::1",
    }


def test_nothing_needed_may_be_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = tmp_path / "code"
    code.mkdir()
    relay = network.Relay(-1, [])
    monkeypatch.setattr(network, "_listen", list)
    monkeypatch.setattr(network, "_leave", lambda: None)
    assert network.why_not(relay, [code, tmp_path / "never"]) == ""
    monkeypatch.setattr(network, "_leave", code.rmdir)
    assert network.why_not(relay, [code]) == "its own code could not be read any more"
