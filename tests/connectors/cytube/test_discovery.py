"""Finding the chat server of a room."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from connectors.cytube.discovery import choose, find_server
from rosey.platform import PlatformError, Verdict

PLAIN = {"url": "http://127.0.0.1:1337", "secure": False}
SECURE = {"url": "https://chat.example:443", "secure": True}
IPV6 = {"url": "https://six.example:443", "secure": True, "ipv6": True}


class Web:
    """A site that answers every request for a server list the same way."""

    def __init__(self) -> None:
        self.status = 200
        self.body = b""
        self.asked: list[str] = []
        self.release = asyncio.Event()
        self.release.set()
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        await self.release.wait()
        return web.Response(status=self.status, body=self.body)


@pytest.fixture
async def site() -> AsyncIterator[Web]:
    site = Web()
    app = web.Application()
    app.router.add_get("/{path:.*}", site.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    site.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield site
    site.release.set()
    await runner.cleanup()


async def failure(site: str) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        await find_server(site, "lounge")
    return caught.value


@pytest.mark.parametrize(
    ("servers", "url"),
    [
        ([PLAIN], PLAIN["url"]),
        ([PLAIN, SECURE], SECURE["url"]),
        ([IPV6, SECURE, PLAIN], SECURE["url"]),
        ([PLAIN, IPV6], IPV6["url"]),
        ([{"url": "gopher://x", "secure": True}, PLAIN], PLAIN["url"]),
    ],
)
def test_prefers_secure_servers(servers: list[Any], url: str) -> None:
    assert choose({"servers": servers}) == url


@pytest.mark.parametrize("answer", [None, [], {}, {"servers": []}, {"servers": [{}]}, "x"])
def test_nonsense_is_no_list(answer: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        choose(answer)


async def test_asks_for_the_room(site: Web) -> None:
    site.body = json.dumps({"servers": [PLAIN]}).encode()
    assert await find_server(site.url, "lounge") == PLAIN["url"]
    assert site.asked == ["/socketconfig/lounge.json"]


@pytest.mark.parametrize(
    "body", [b"<html>", b'{"servers": []}', b"\xff", b"[" * 5000, b" " * 70_000]
)
async def test_an_answer_that_is_no_list(site: Web, body: bytes) -> None:
    site.body = body
    error = await failure(site.url)
    assert "is `site` the address of a CyTube site?" in str(error)
    assert error.verdict is Verdict.RETRY


async def test_a_name_that_is_none(site: Web) -> None:
    site.status = 404
    error = await failure(site.url)
    assert "'lounge' is no valid room name" in str(error)
    assert error.verdict is Verdict.STOP


async def test_a_site_in_trouble(site: Web) -> None:
    site.status = 502
    error = await failure(site.url)
    assert "answered 502" in str(error)
    assert error.verdict is Verdict.RETRY


async def test_a_site_that_does_not_answer(site: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.cytube.discovery.ANSWER_SECONDS", 0.2)
    site.release.clear()
    assert "did not say within 0.2 s" in str(await failure(site.url))


async def test_a_site_that_is_not_there(unused_tcp_port: int) -> None:
    assert "cannot be reached" in str(await failure(f"http://127.0.0.1:{unused_tcp_port}"))
