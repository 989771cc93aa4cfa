"""DATA/control.sock: how other commands speak to the host, one JSON object a line."""

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from core.errors import UserError

SOCKET_NAME = "control.sock"
# What the kernel leaves for a path is 108 bytes; longer ones go through a descriptor.
LONGEST_PATH = 100

Handler = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


@asynccontextmanager
async def serve(data: Path, handler: Handler) -> AsyncIterator[None]:
    """Answers requests while the context lasts. A UserError of the handler becomes its text."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reply = await _reply(reader, handler)
        with contextlib.suppress(ConnectionError):
            writer.write(json.dumps(reply).encode() + b"\n")
            await writer.drain()
        writer.close()

    listener = socket.socket(socket.AF_UNIX)
    with _short_path(data) as path:
        path.unlink(missing_ok=True)
        listener.bind(str(path))
        path.chmod(0o600)
    server = await asyncio.start_unix_server(answer, sock=listener)
    try:
        yield
    finally:
        server.close()
        (data / SOCKET_NAME).unlink(missing_ok=True)


async def _reply(reader: asyncio.StreamReader, handler: Handler) -> dict[str, Any]:
    try:
        return {"ok": True, **await handler(await _request(reader))}
    except UserError as error:
        return {"ok": False, "error": str(error), "code": error.exit_code}


async def _request(reader: asyncio.StreamReader) -> dict[str, Any]:
    try:
        request = json.loads(await reader.readline())
    except ValueError:  # no JSON, or longer than a line may be
        request = None
    if not isinstance(request, dict):
        raise UserError("A request is one JSON object on one line.")
    return request


class Refused(UserError):
    """The host said no; its own words."""

    def __init__(self, text: str, code: int) -> None:
        super().__init__(text)
        self.exit_code = code


def ask(data: Path, message: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Asks the running host. Raises Refused, OSError when none listens, TimeoutError."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(seconds)
        with _short_path(data) as path:
            connection.connect(str(path))
        connection.sendall(json.dumps(message).encode() + b"\n")
        with connection.makefile("rb") as lines:
            line = lines.readline()
    if not line:
        raise ConnectionResetError("the host hung up")
    reply: dict[str, Any] = json.loads(line)
    if not reply.pop("ok"):
        raise Refused(reply["error"], reply["code"])
    return reply


@contextmanager
def _short_path(data: Path) -> Iterator[Path]:
    path = data / SOCKET_NAME
    if len(os.fsencode(path)) <= LONGEST_PATH:
        yield path
        return
    descriptor = os.open(data, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield Path(f"/proc/self/fd/{descriptor}/{SOCKET_NAME}")
    finally:
        os.close(descriptor)
