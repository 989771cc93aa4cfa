"""Frames on their way to and from python-socketio."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable
from typing import Any

import engineio
import socketio
from engineio.async_drivers.aiohttp import WebSocket

from connectors.lounge.frames import MISSING

log = logging.getLogger("rosey.lounge")

Packet = engineio.packet.Packet
MAX_WAITING = 20_000
"""Frames that may wait for one client; who reads slower than that is let go."""


def encode(event: str, payload: Any = MISSING) -> Any:
    """The packet of an event, encoded once however many receive it."""
    parts = [event] if payload is MISSING else [event, payload]
    text = json.dumps(parts, separators=(",", ":"), allow_nan=False)
    return Packet(engineio.packet.MESSAGE, f"{socketio.packet.EVENT}{text}")


class Outlet:
    """The way to one client. Posting never waits, so a room is never held up by a member."""

    __slots__ = ("_close", "engine_socket")

    def __init__(self, engine_socket: Any, close: Callable[[], None]) -> None:
        self.engine_socket = engine_socket
        self._close = close

    def post(self, packet: Any) -> None:
        if self.engine_socket.closed:
            return
        queue = self.engine_socket.queue
        if queue.qsize() >= MAX_WAITING:
            self._close()
            return
        queue.put_nowait(packet)

    def close(self) -> None:
        """End the connection after what was posted."""
        self._close()


class _StrictJson:
    """JSON as browsers have it: no NaN or Infinity, no numbers that a double cannot hold."""

    dumps = staticmethod(json.dumps)

    @staticmethod
    def loads(text: str) -> Any:
        return json.loads(
            text, parse_constant=_refuse, parse_float=_finite, parse_int=_exact_or_float
        )


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


def _exact_or_float(digits: str) -> float:
    return int(digits) if len(digits) <= 15 else _finite(digits)


_RESERVED = frozenset(("connect", "disconnect", "*"))


class StrictPacket(socketio.packet.Packet):  # type: ignore[misc]
    """Refuses events that would reach the server's own handlers or have no name."""

    json = _StrictJson

    def decode(self, encoded_packet: str) -> int:
        attachments: int = super().decode(encoded_packet)
        if self.packet_type in (socketio.packet.EVENT, socketio.packet.BINARY_EVENT):
            parts = self.data
            if not isinstance(parts, list) or not parts or not isinstance(parts[0], str):
                raise ValueError("an event has a name")
            if parts[0] in _RESERVED:
                raise ValueError("a reserved event name")
        return attachments


async def cut(engine_socket: Any) -> None:
    """End a line after what was posted, without a farewell: to the client it is an accident."""
    await engine_socket.close(wait=False, abort=True)
    engine_socket.queue.put_nowait(None)  # its writer ends, and with it the line


class Line(WebSocket):  # type: ignore[misc]
    """A WebSocket whose malformed frames end the connection.

    The library lets some of them escape (an empty frame, deep nesting), and the session would
    stay behind without a line until its ping times out.
    """

    async def __call__(self, environ: dict[str, Any]) -> Any:
        try:
            return await super().__call__(environ)
        except (ValueError, RecursionError) as error:
            log.debug("a malformed frame: %s", error)
            await cut(self.handler.__self__)
            return self._sock
