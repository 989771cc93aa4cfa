"""Finding the Socket.IO server of a room: `GET <site>/socketconfig/<room>.json`."""

import asyncio
import json
from typing import Any

import aiohttp
from pydantic import BaseModel, ValidationError

from connectors.cytube.verdicts import failure
from rosey.platform import PlatformError, Verdict

ANSWER_SECONDS = 3.0
_LARGEST_ANSWER = 64 * 1024


class Server(BaseModel):
    """One entry of the list."""

    url: str
    secure: bool = False
    ipv6: bool = False


class Servers(BaseModel):
    """The answer, and the payload of `partitionChange`."""

    servers: list[Server]


def choose(answer: Any) -> str:
    """The address to connect to: a secure one if there is one. Raises ValueError for nonsense."""
    servers = [
        server
        for server in Servers.model_validate(answer).servers
        if server.url.startswith(("http://", "https://", "ws://", "wss://"))
    ]
    if not servers:
        raise ValueError("the list of servers is empty")
    return min(servers, key=lambda server: (not server.secure, server.ipv6)).url


async def find_server(site: str, room: str) -> str:
    """Asks the site. Raises PlatformError."""
    url = f"{site}/socketconfig/{room}.json"
    try:
        async with (
            asyncio.timeout(ANSWER_SECONDS),
            aiohttp.ClientSession() as session,
            session.get(url) as response,
        ):
            status = response.status
            body = bytearray()
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > _LARGEST_ANSWER:
                    break
    except TimeoutError:
        raise PlatformError(
            f"{site} did not say within {ANSWER_SECONDS:g} s where its chat server is."
        ) from None
    except (aiohttp.ClientError, OSError) as error:
        raise failure(f"{site} cannot be reached: {error}") from error
    if status == 404:
        raise PlatformError(f"{site} says that {room!r} is no valid room name.", Verdict.STOP)
    if status != 200:
        raise PlatformError(f"{site} answered {status} when asked where its chat server is.")
    return _address(site, body)


def _address(site: str, body: bytearray) -> str:
    try:
        if len(body) > _LARGEST_ANSWER:
            raise ValueError("the answer is too long")
        return choose(json.loads(body))
    except (ValueError, ValidationError, RecursionError) as error:
        raise PlatformError(
            f"{site} answered, but not with a list of chat servers; "
            "is `site` the address of a CyTube site?"
        ) from error
