"""Ports on the loopback address: the usual one, or the next that is free."""

import random
import socket
import sys
from collections.abc import Callable
from types import TracebackType

from core.errors import UserError

ADDRESS = "127.0.0.1"
SEARCHED = 200
# Below what systems give to outgoing connections, one of which could otherwise take the port of a
# server that is down for a moment, or even connect to itself on it.
QUIET = range(16_384, 32_768)


class Ports:
    """The ports of one host.

    Between choosing a port and the server listening on it another Rosey could choose the same.
    A name in the kernel's abstract sockets is the ticket against that; it goes with the process.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._tickets: list[socket.socket] = []

    def __enter__(self) -> "Ports":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        for ticket in self._tickets:
            ticket.close()

    def take(self, wanted: int, purpose: str) -> int:
        """The wanted port, else the next free one, saying so; 0 is any free one."""
        if wanted == 0:
            return free_port(self._reserve)
        for port in range(wanted, min(wanted + SEARCHED, 65536)):
            if self._reserve(port):
                if port != wanted:
                    self._say(f"port {wanted} is taken: {purpose} listens on {port}")
                return port
        raise UserError(f"No port is free for {purpose}: {wanted} and the next ones are taken.")

    def _reserve(self, port: int) -> bool:
        ticket = _ticket(port)
        if ticket is None:
            return False
        if not _free(port):
            ticket.close()
            return False
        self._tickets.append(ticket)
        return True


def free_port(take: Callable[[int], bool] | None = None) -> int:
    """Any port that is free now and stays out of the way of outgoing connections.

    `take` says whether the caller gets a port that it is offered. Raises UserError.
    """
    for port in random.SystemRandom().sample(QUIET, SEARCHED):
        if (take or _free)(port):
            return port
    raise UserError("No port is free on this machine.")


def _ticket(port: int) -> socket.socket | None:
    ticket = socket.socket(socket.AF_UNIX)
    if sys.platform != "linux":
        return ticket
    try:
        ticket.bind(f"\0rosey-port-{port}")
    except OSError:
        ticket.close()
        return None
    return ticket


def _free(port: int) -> bool:
    """Free for a server, which may listen where a closed connection still lingers."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except OSError:
            return False
    return True
