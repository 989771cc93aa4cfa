"""Fetching from addresses that people in a room have chosen, and from nowhere private.

The address is checked where the socket is made, so that neither a redirect, a name whose meaning
changes between two questions nor an odd spelling leads past the check.
"""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, Collection
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from activities.media.addresses import is_number, is_public

MOST_REDIRECTS = 3
PORTS = {"http": 80, "https": 443}

_REDIRECTS = {301, 302, 303, 307, 308}
_PASSING = {408, 425, 429, 500, 502, 503, 504}
# `idna` and the like are no charsets of pages, and slow.
_CHARSETS = {"utf-8", "utf8", "us-ascii", "iso-8859-1", "windows-1252"}
_HEADERS = {"User-Agent": "Rosey", "Accept": "application/json", "Accept-Encoding": "identity"}

Names = Callable[[str, int, socket.AddressFamily], Awaitable[list[ResolveResult]]]
Place = tuple[str, int]


class WebError(Exception):
    """Nothing usable came back; the message says why. `passing`: it may do so later."""

    def __init__(self, text: str, passing: bool = False) -> None:
        super().__init__(text)
        self.passing = passing


class Web:
    """`allowed` are hosts and ports to be reached wherever they are; the others must be public.

    `names` finds the addresses of a name, `open_socket` makes the socket for one of them.
    """

    def __init__(
        self,
        allowed: Collection[Place] = (),
        names: Names | None = None,
        open_socket: aiohttp.SocketFactoryType | None = None,
    ) -> None:
        self._allowed = frozenset(allowed)
        self._names = names or _system_names
        self._open = open_socket or _open_socket

    async def json(
        self, url: str, *, most: int, seconds: float, redirects: int = MOST_REDIRECTS
    ) -> Any:
        """The JSON document at `url` of at most `most` bytes, within `seconds`. Raises WebError."""
        try:
            async with asyncio.timeout(seconds):
                body, charset = await self._follow(_parsed(url), most, redirects)
        except TimeoutError:
            raise WebError(f"no answer within {seconds:g} s", passing=True) from None
        except (aiohttp.ClientError, OSError) as problem:
            raise WebError(_words(problem), passing=not _barred(problem)) from None
        return _document(body, charset)

    async def _follow(self, url: URL, most: int, redirects: int) -> tuple[bytes, str]:
        for _ in range(redirects + 1):
            self._check(url)
            async with (
                self._session(url) as session,
                session.get(url, allow_redirects=False) as response,
            ):
                if response.status not in _REDIRECTS:
                    return await _body(response, most), response.charset or "utf-8"
                url = _parsed(response.headers.get("Location", ""), url)
        raise WebError(f"it redirects more than {redirects} times")

    def _check(self, url: URL) -> None:
        host, port = url.host, url.port
        if url.scheme not in PORTS or not host or port is None:
            raise WebError("only http and https addresses are fetched")
        if url.user is not None or url.password is not None:
            raise WebError("an address with a name or a password in it is not fetched")
        if (host, port) in self._allowed:
            return
        if port != PORTS[url.scheme]:
            raise WebError(f"port {port} is not fetched from")
        if is_number(host) and not is_public(host):
            raise WebError(f"{host} is no public address")

    def _session(self, url: URL) -> aiohttp.ClientSession:
        """One for each request: no cookies, and no connection that outlives its check."""
        free = (url.host, url.port) in self._allowed
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=_Resolver(self._names, free),
                use_dns_cache=False,
                force_close=True,
                socket_factory=self._open if free else self._open_public,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=_HEADERS,
            auto_decompress=False,
            trust_env=False,
        )

    def _open_public(self, place: aiohttp.AddrInfoType) -> socket.socket:
        _require_public(place[4][0])
        return self._open(place)


class _Barred(OSError):
    """The address is not public."""


class _Resolver(AbstractResolver):
    """Names whose addresses are all public; the others have none."""

    def __init__(self, names: Names, free: bool) -> None:
        self._names = names
        self._free = free

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._names(host, port, family)
        for each in found if not self._free else []:
            _require_public(each["host"])
        return found

    async def close(self) -> None:
        """Nothing is held."""


def place_of(url: str) -> Place:
    """Host and port of an address. Raises ValueError for one that is none."""
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname:
        raise ValueError(f"{url!r} is no http or https address")
    return parts.hostname, parts.port or PORTS[parts.scheme]


async def _system_names(host: str, port: int, family: socket.AddressFamily) -> list[ResolveResult]:
    return await aiohttp.ThreadedResolver().resolve(host, port, family)


def _open_socket(place: aiohttp.AddrInfoType) -> socket.socket:
    family, kind, protocol = place[:3]
    return socket.socket(family, kind, protocol)


def _require_public(address: object) -> None:
    if not is_public(str(address)):
        raise _Barred(f"{address} is no public address")


def _barred(problem: BaseException) -> bool:
    return isinstance(problem, _Barred) or isinstance(getattr(problem, "os_error", None), _Barred)


def _words(problem: Exception) -> str:
    return str(problem) or type(problem).__name__


def _parsed(text: str, base: URL | None = None) -> URL:
    if not text:
        raise WebError("it redirects nowhere")
    try:
        return base.join(URL(text)) if base else URL(text)
    except ValueError as problem:
        raise WebError(f"that is no address: {problem}") from None


async def _body(response: aiohttp.ClientResponse, most: int) -> bytes:
    if response.status != 200:
        raise WebError(f"it answers {response.status}", passing=response.status in _PASSING)
    if response.content_type != "application/json":
        raise WebError(f"it is {response.content_type}, not application/json")
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise WebError("it is compressed, unasked")
    body = bytearray()
    async for chunk in response.content.iter_chunked(1 << 14):
        body += chunk
        if len(body) > most:
            raise WebError(f"it has more than {most} bytes")
    return bytes(body)


def _document(body: bytes, charset: str) -> Any:
    if charset.lower() not in _CHARSETS:
        raise WebError(f"its charset is {charset!r:.40}")
    try:
        return json.loads(body.decode(charset).removeprefix("\ufeff"))
    except (ValueError, RecursionError) as problem:
        raise WebError(f"it is no JSON: {problem}") from None
