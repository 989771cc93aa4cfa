"""A bare Socket.IO sender: a site with one chat server that costs next to nothing.

It speaks just enough of HTTP, WebSocket and Socket.IO to be joined, and sends frames that were
encoded beforehand, so what is measured is the receiver.
"""

import asyncio
import base64
import contextlib
import hashlib
import json
from typing import Any

from core.host.ports import ADDRESS

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
HOUR_MS = 3_600_000
PATIENCE = 10.0
OPEN, CONNECT, EVENT = "0", "40", "42"
ROOM_ENTRY = (
    ("rank", 1),
    ("setPermissions", {"chat": 0}),
    ("userlist", [{"name": "bob", "rank": 1, "meta": {"afk": False, "muted": False}}]),
)


class Sender:
    """Clients are known by the name they log in with; the last one of a name counts."""

    def __init__(self) -> None:
        self._server: asyncio.Server | None = None
        self._joined: dict[str, asyncio.StreamWriter] = {}
        self._someone = asyncio.Condition()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, ADDRESS, 0)

    async def stop(self) -> None:
        if self._server:
            self._server.close()
        for writer in self._joined.values():
            writer.close()

    @property
    def url(self) -> str:
        assert self._server
        return f"http://{ADDRESS}:{self._server.sockets[0].getsockname()[1]}"

    def forget(self, name: str) -> None:
        """What is sent next waits for a client of that name that is yet to come."""
        self._joined.pop(name, None)

    async def joined(self, name: str) -> None:
        """Waits until somebody of that name is in the room. Raises TimeoutError."""
        async with asyncio.timeout(PATIENCE), self._someone:
            await self._someone.wait_for(lambda: name in self._joined)

    def send(self, name: str, frames: bytes) -> None:
        """Hands frames made by `frame` to the system; a slow receiver does not stop it."""
        self._joined[name].write(frames)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            if "upgrade: websocket" in head.lower():
                writer.write(_accept(head))
                await self._session(reader, writer)
            else:
                writer.write(_json({"servers": [{"url": self.url, "secure": False}]}))
                await writer.drain()
        writer.close()

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hello = {"sid": "bench", "upgrades": [], "pingInterval": HOUR_MS, "pingTimeout": HOUR_MS}
        writer.write(text(OPEN + json.dumps(hello | {"maxPayload": 1_000_000})))
        name = ""
        while (packet := await _read(reader)) is not None:
            if packet.startswith(CONNECT):
                writer.write(text(f'{CONNECT}{{"sid":"bench"}}'))
            elif packet.startswith(EVENT):
                event, *payload = json.loads(packet[len(EVENT) :])
                if event == "login":
                    name = str(payload[0]["name"])
                    writer.write(event_frame("login", {"success": True, "name": name}))
                elif event == "joinChannel":
                    writer.write(b"".join(event_frame(*each) for each in ROOM_ENTRY))
                    await self._enter(name, writer)

    async def _enter(self, name: str, writer: asyncio.StreamWriter) -> None:
        async with self._someone:
            self._joined[name] = writer
            self._someone.notify_all()


def frame(message: str, time_ms: int) -> bytes:
    """A chat line as it goes over the wire."""
    return event_frame("chatMsg", {"username": "bob", "msg": message, "meta": {}, "time": time_ms})


def event_frame(event: str, payload: Any) -> bytes:
    return text(EVENT + json.dumps([event, payload], separators=(",", ":")))


def text(packet: str) -> bytes:
    """A WebSocket text frame from a server."""
    data = packet.encode()
    if len(data) < 126:
        return bytes([0x81, len(data)]) + data
    return b"\x81\x7e" + len(data).to_bytes(2, "big") + data


async def _read(reader: asyncio.StreamReader) -> str | None:
    """The text of a client's next frame; None when it closes."""
    first, second = await reader.readexactly(2)
    length = second & 0x7F
    if length >= 126:
        length = int.from_bytes(await reader.readexactly(2 if length == 126 else 8), "big")
    mask = await reader.readexactly(4)
    data = await reader.readexactly(length)
    if first & 0x0F == 8:
        return None
    return bytes(byte ^ mask[index % 4] for index, byte in enumerate(data)).decode()


def _accept(head: str) -> bytes:
    headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
    key = next(value for name, value in headers.items() if name.lower() == "sec-websocket-key")
    digest = hashlib.sha1((key + GUID).encode()).digest()  # noqa: S324  the protocol's own choice
    return (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {base64.b64encode(digest).decode()}\r\n\r\n"
    ).encode()


def _json(answer: Any) -> bytes:
    body = json.dumps(answer).encode()
    return (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    )
