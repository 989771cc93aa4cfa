"""Whether a server answers: one try each, an exception when it does not."""

import asyncio
import json

from core.host.ports import ADDRESS

SECONDS = 2.0


class NotReady(Exception):
    """The server does not answer yet; the text says what it said instead."""


async def connects(port: int) -> None:
    """A TCP connection is taken. Raises OSError or TimeoutError."""
    async with asyncio.timeout(SECONDS):
        _, writer = await asyncio.open_connection(ADDRESS, port)
        writer.close()
        await writer.wait_closed()


async def http_ok(port: int, path: str) -> None:
    """GET answers 200. Raises NotReady, OSError or TimeoutError."""
    async with asyncio.timeout(SECONDS):
        reader, writer = await asyncio.open_connection(ADDRESS, port)
        try:
            request = f"GET {path} HTTP/1.1\r\nHost: {ADDRESS}:{port}\r\nConnection: close\r\n\r\n"
            writer.write(request.encode())
            await writer.drain()
            status = (await reader.readline()).decode(errors="replace").strip()
            good = status.split()[1:2] == ["200"]
            why = "" if good else _reason(await reader.read())
        finally:
            writer.close()
    if not good:
        raise NotReady(f"{path} answers {status or 'nothing'}{why}")


def _reason(rest: bytes) -> str:
    """What the answer gives as its error, where it is JSON with one."""
    try:
        said = json.loads(rest.partition(b"\r\n\r\n")[2])
        return f": {said['error']}"
    except (ValueError, KeyError, TypeError):
        return ""
