"""A network of its own for a process: nobody is there but NATS, and somebody outside carries that.

The process listens there itself before it loads anybody's code, and hands what listens to whoever
started it, who accepts outside (core/host/sandbox/relay.py).
"""

import errno
import fcntl
import ipaddress
import os
import socket
import struct
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from core.host.sandbox.calls import LIBC, call

NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000
SET_FLAGS, SET_ADDRESS, SET_MASK = 0x8914, 0x8916, 0x891C
UP_AND_RUNNING = 0x1 | 0x40
ONE_ADDRESS = "255.255.255.255"
WAITING = 16
UNREADABLE = 255


@dataclass(frozen=True)
class Relay:
    """`channel`: the descriptor of a socket to who relays; `servers`: hosts and ports, in order."""

    channel: int
    servers: Sequence[tuple[str, int]]


def why_not(relay: Relay, paths: Sequence[Path]) -> str:
    """Why this process cannot have one, "" when it can.

    Tried by a process of its own: there is no way back. `paths` must be as readable as before.
    """
    needed = [path for path in paths if os.access(path, os.R_OK)]
    child = os.fork()
    if child == 0:
        number = errno.EIO
        try:
            number = _tried(relay.servers, needed)
        finally:
            os._exit(number)  # whatever happens: there is but one plugin
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if ended == 0:
        return ""
    if ended == UNREADABLE:
        return "its own code could not be read any more"
    reason = os.strerror(ended) if ended > 0 else f"signal {-ended}"
    return f"this system does not give it a network of its own: {reason}"


def enter(relay: Relay) -> None:
    """For good, with all ways but those to the servers closed. Raises OSError."""
    _leave()
    with ExitStack() as stack:
        listening = [stack.enter_context(each) for each in _listen(relay.servers)]
        channel = stack.enter_context(socket.socket(fileno=relay.channel))
        socket.send_fds(channel, [b"."], [each.fileno() for each in listening])


def inside(servers: Sequence[tuple[str, int]]) -> dict[str, str]:
    """The address in there of each host: a number stays what it is, a name gets a free one.

    So the process goes on to use the address it was given, and TLS to check its name.
    """
    hosts = dict.fromkeys(host for host, _ in servers)
    known = {host: host for host in hosts if is_number(host)}
    free = (f"127.0.0.{number}" for number in range(1, 255))
    unused = (each for each in free if each not in known.values())
    return {host: known.get(host) or next(unused) for host in hosts}


def is_number(host: str) -> bool:
    """Whether it is an address already, and no name."""
    with suppress(ValueError):
        ipaddress.ip_address(host)
        return True
    return False


def _tried(servers: Sequence[tuple[str, int]], needed: Sequence[Path]) -> int:
    """0, or the number of the error."""
    try:
        _leave()
        _listen(servers)
    except OSError as problem:
        return problem.errno or UNREADABLE
    return 0 if all(os.access(path, os.R_OK) for path in needed) else UNREADABLE


def _leave() -> None:
    """Who may do that remains who it is: in a space of other users root cannot read their files."""
    try:
        call(LIBC.unshare, NEW_NETWORK)
    except PermissionError:
        user, group = os.geteuid(), os.getegid()
        call(LIBC.unshare, NEW_USER | NEW_NETWORK)
        own = Path("/proc/self")
        (own / "setgroups").write_text("deny")
        (own / "uid_map").write_text(f"{user} {user} 1")
        (own / "gid_map").write_text(f"{group} {group} 1")


def _listen(servers: Sequence[tuple[str, int]]) -> list[socket.socket]:
    addresses = inside(servers)
    _bring_up(addresses)
    listening = []
    for host, port in servers:
        address = addresses[host]
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        listening.append(socket.create_server((address, port), family=family, backlog=WAITING))
    return listening


def _bring_up(addresses: Mapping[str, str]) -> None:
    """The one device there is, with another machine's number where NATS is named by that."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SET_FLAGS, struct.pack("16sH14x", b"lo", UP_AND_RUNNING))
        for number, address in enumerate(addresses.values()):
            found = ipaddress.ip_address(address)
            if found.version == 4 and not found.is_loopback:
                for what, value in ((SET_ADDRESS, address), (SET_MASK, ONE_ADDRESS)):
                    label = f"lo:{number}".encode()
                    value_4 = socket.inet_aton(value)
                    words = struct.pack("16sHH4s8x", label, socket.AF_INET, 0, value_4)
                    fcntl.ioctl(any_socket, what, words)
