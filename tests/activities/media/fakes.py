"""Fakes of the internet for the media sources: a server, the names that lead there, sockets.

A name here has a public address, so that all checks take place; the socket that is then opened
for that address is a `Diverted` one, which connects to the local server instead.
"""

import json
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.abc import ResolveResult

PUBLIC = "93.184.215.14"


def document(value: Any, **more: Any) -> web.Response:
    """JSON as sites send it."""
    more.setdefault("content_type", "application/json")
    return web.Response(text=json.dumps(value), **more)


class Site:
    """A local web server that answers what a test put on its paths, and notes what was asked."""

    def __init__(self) -> None:
        self.pages: dict[str, Any] = {}
        self.asked: list[web.Request] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        page = self.pages.get(request.path)
        if page is None:
            return web.Response(status=404, text="Not Found")
        if isinstance(page, web.Response):
            return web.Response(body=page.body, status=page.status, headers=page.headers)
        made: web.StreamResponse = await page(request)
        return made


@asynccontextmanager
async def running_site() -> AsyncIterator[Site]:
    """A site on a port of its own."""
    site = Site()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", site.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    site.port = runner.addresses[0][1]
    yield site
    await runner.cleanup()


class Names:
    """A resolver: each name has a list of addresses for each time that it is asked for."""

    def __init__(self, answers: Mapping[str, list[list[str]]]) -> None:
        self._answers: dict[str, Iterator[list[str]]] = {
            name: iter(lists) for name, lists in answers.items()
        }
        self.asked: list[str] = []

    async def __call__(
        self, host: str, port: int, family: socket.AddressFamily
    ) -> list[ResolveResult]:
        self.asked.append(host)
        found = next(self._answers.get(host, iter(())), None)
        if found is None:
            raise OSError(f"no such name: {host}")
        return [
            ResolveResult(hostname=host, host=each, port=port, family=family, proto=0, flags=0)
            for each in found
        ]


class Sockets:
    """Opens sockets for public addresses; all of them lead to the local port `to`."""

    def __init__(self, to: int) -> None:
        self.to = to
        self.reached: list[tuple[str, int]] = []

    def __call__(self, place: aiohttp.AddrInfoType) -> socket.socket:
        return Diverted(self, socket.AF_INET if ":" not in str(place[4][0]) else socket.AF_INET6)


class Diverted(socket.socket):
    """Notes where it was to connect, and connects to the local server."""

    def __init__(self, sockets: Sockets, asked_family: int) -> None:
        super().__init__(socket.AF_INET, socket.SOCK_STREAM)
        self._sockets = sockets
        self._asked_family = asked_family

    @property
    def family(self) -> socket.AddressFamily:
        """As asked for: the event loop looks at it."""
        return socket.AddressFamily(self._asked_family)

    def connect(self, address: Any) -> None:
        self._sockets.reached.append((address[0], address[1]))
        super().connect(("127.0.0.1", self._sockets.to))


# What the services that are faked here answer, in their own forms.
OEMBED_ANSWER = {
    "title": "Rick Astley - Never Gonna Give You Up",
    "author_name": "Rick Astley",
    "author_url": "https://www.youtube.com/@RickAstleyYT",
    "type": "video",
    "height": 113,
    "width": 200,
    "version": "1.0",
    "provider_name": "YouTube",
    "provider_url": "https://www.youtube.com/",
    "thumbnail_height": 360,
    "thumbnail_width": 480,
    "thumbnail_url": "https://i.ytimg.com/vi/dQw4w9WgXcQ/hqdefault.jpg",
    "html": '<iframe src="https://www.youtube.com/embed/dQw4w9WgXcQ"></iframe>',
}
MANIFEST = {
    "title": "A film",
    "duration": 61.5,
    "thumbnail": "https://media.example.com/a.jpg",
    "sources": [
        {"url": "https://media.example.com/a.mp4", "contentType": "video/mp4", "quality": 720}
    ],
}


def invidious_video(video: str, **more: Any) -> dict[str, Any]:
    """One entry of `/api/v1/search`."""
    return {
        "type": "video",
        "title": f"Title of {video}",
        "videoId": video,
        "author": "Somebody",
        "authorId": "UC0123456789",
        "authorUrl": "/channel/UC0123456789",
        "videoThumbnails": [
            {"quality": "medium", "url": f"/vi/{video}/mqdefault.jpg", "width": 320, "height": 180}
        ],
        "description": "",
        "descriptionHtml": "",
        "viewCount": 5,
        "published": 1700000000,
        "publishedText": "2 years ago",
        "lengthSeconds": 213,
        "liveNow": False,
        "premium": False,
        "isUpcoming": False,
    } | more
