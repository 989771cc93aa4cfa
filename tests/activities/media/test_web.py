"""Fetching: what is usable, how much of it, and no way to anything private."""

import asyncio
import contextlib
import gzip
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from activities.media import web as media_web
from activities.media.web import Web, WebError, place_of
from tests.activities.media.fakes import PUBLIC, Names, Site, Sockets, document

PAGE = {"title": "secret"}
TLS = Path(__file__).parents[2] / "data" / "tls"


class Internet:
    """A fetcher for which the local site is out on the internet, as http://tube.example."""

    def __init__(self, site: Site, names: dict[str, list[list[str]]]) -> None:
        self.names = Names({"tube.example": [[PUBLIC]] * 9} | names)
        self.sockets = Sockets(site.port)
        self.web = Web(names=self.names, open_socket=self.sockets)

    async def get(self, url: str = "http://tube.example/", **more: Any) -> Any:
        return await self.web.json(url, **({"most": 1000, "seconds": 30.0} | more))


@pytest.fixture
def internet(site: Site) -> Internet:
    return Internet(site, {})


async def refusal(fetch: Any) -> WebError:
    with pytest.raises(WebError) as caught:
        await fetch
    return caught.value


async def test_a_public_page_is_fetched(site: Site, internet: Internet) -> None:
    site.pages["/a"] = document(PAGE)
    assert await internet.get("http://tube.example/a?b=%20c") == PAGE
    (asked,) = site.asked
    assert asked.host == "tube.example"
    assert asked.query == {"b": " c"}
    assert internet.sockets.reached == [(PUBLIC, 80)]


async def test_nothing_of_the_machine_is_told(
    site: Site, internet: Internet, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("machine tube.example login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{site.port}")
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{site.port}")
    site.pages["/a"] = document(PAGE, headers={"Set-Cookie": "session=1"})
    await internet.get("http://tube.example/a")
    await internet.get("http://tube.example/a")
    assert internet.sockets.reached == [(PUBLIC, 80), (PUBLIC, 80)]
    for asked in site.asked:
        assert not {"Authorization", "Cookie", "Proxy-Authorization"} & set(asked.headers)


# Each leads to the local site, if only it were followed.
SPELLINGS = [
    "127.0.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "127.1",
    "127.0.0.1.",
    "0.0.0.0",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::1]",
    "１２７.0.0.1",
    "127。0。0。1",
    "localhost",
    "localhost.",
    "169.254.169.254",
    "metadata.example",
    "mixed.example",
    "six.example",
]
LEADING = {
    "localhost": [["127.0.0.1"]],
    "localhost.": [["127.0.0.1"]],
    "metadata.example": [["169.254.169.254"]],
    "mixed.example": [[PUBLIC, "127.0.0.1"]],
    "six.example": [["::ffff:127.0.0.1"]],
}


@pytest.mark.parametrize("host", SPELLINGS)
async def test_no_spelling_leads_inside(site: Site, host: str) -> None:
    site.pages["/"] = document(PAGE)
    internet = Internet(site, LEADING)
    problem = await refusal(internet.get(f"http://{host}/"))
    assert not problem.passing
    assert site.asked == []
    assert internet.sockets.reached == []


@pytest.mark.parametrize("host", SPELLINGS)
async def test_no_redirect_leads_inside(site: Site, host: str) -> None:
    site.pages["/away"] = web.Response(status=302, headers={"Location": f"http://{host}/"})
    site.pages["/"] = document(PAGE)
    internet = Internet(site, LEADING)
    await refusal(internet.get("http://tube.example/away"))
    assert [asked.path for asked in site.asked] == ["/away"]
    assert internet.sockets.reached == [(PUBLIC, 80)]


async def test_the_systems_own_resolver_leads_not_inside(site: Site) -> None:
    """With nothing replaced: the real names, the real sockets."""
    site.pages["/"] = document(PAGE)
    for host in ("localhost", "127.0.0.1", "2130706433", socket.gethostname()):
        for port in ("", f":{site.port}"):
            await refusal(Web().json(f"http://{host}{port}/", most=100, seconds=30))
    assert site.asked == []


async def test_a_name_that_changes_its_meaning_leads_not_inside(site: Site) -> None:
    """It is asked for once for each request, and the socket goes to what was checked."""
    site.pages["/"] = document(PAGE)
    internet = Internet(site, {"two-faced.example": [[PUBLIC], ["127.0.0.1"]]})
    assert await internet.get("http://two-faced.example/") == PAGE
    assert internet.names.asked == ["two-faced.example"]
    assert internet.sockets.reached == [(PUBLIC, 80)]
    await refusal(internet.get("http://two-faced.example/"))
    assert internet.sockets.reached == [(PUBLIC, 80)]


async def test_a_redirect_asks_for_the_name_again(site: Site) -> None:
    site.pages["/"] = web.Response(status=302, headers={"Location": "/b"})
    site.pages["/b"] = document(PAGE)
    internet = Internet(site, {"two-faced.example": [[PUBLIC], ["127.0.0.1"]]})
    await refusal(internet.get("http://two-faced.example/"))
    assert [asked.path for asked in site.asked] == ["/"]


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "169.254.169.254", "fe80::1%lo"])
async def test_the_last_check_is_where_the_socket_is_made(
    site: Site, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """Even if whatever comes before it failed."""
    careful = media_web._Resolver
    monkeypatch.setattr(media_web, "_Resolver", lambda names, free: careful(names, free=True))
    internet = Internet(site, {"inside.example": [[address]]})
    problem = await refusal(internet.get("http://inside.example/"))
    assert internet.names.asked == ["inside.example"]
    assert internet.sockets.reached == []
    assert not problem.passing


@pytest.mark.parametrize(
    "url",
    [
        "",
        "tube.example",
        "//tube.example/",
        "ftp://tube.example/",
        "file:///etc/passwd",
        "gopher://tube.example/",
        "http+unix://tube.example/",
        "http:///a",
        "http://[::1",
        "http://tube.example:99999/",
        "http://tube.example:22/",
        "http://tube.example:443/",
        "https://tube.example:80/",
        "http://user@tube.example/",
        "http://user:password@tube.example/",
        "http://:password@tube.example/",
        "http://tube\x00.example/",
        "http://tube example/",
        f"http://{'a' * 300}.example/",
    ],
)
async def test_other_addresses_are_not_fetched(internet: Internet, url: str) -> None:
    await refusal(internet.get(url))
    assert internet.sockets.reached == []


async def test_three_redirects_are_followed_and_no_more(site: Site, internet: Internet) -> None:
    for at in range(4):
        headers = {"Location": f"/{at + 1}"}
        site.pages[f"/{at}"] = web.Response(status=(301, 302, 307, 308)[at], headers=headers)
    site.pages["/4"] = document(PAGE)
    assert await internet.get("http://tube.example/1") == PAGE
    assert "more than 3" in str(await refusal(internet.get("http://tube.example/0")))
    assert "more than 0" in str(await refusal(internet.get("http://tube.example/3", redirects=0)))


async def test_a_redirect_to_nowhere(site: Site, internet: Internet) -> None:
    site.pages["/a"] = web.Response(status=302)
    await refusal(internet.get("http://tube.example/a"))


async def test_only_so_much_is_read(site: Site, internet: Internet) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            while True:
                await response.write(b" " * 1000)
        return response

    site.pages["/endless"] = endless
    site.pages["/fits"] = document("x" * 998)
    site.pages["/too-long"] = document("x" * 999)
    assert "1000 bytes" in str(await refusal(internet.get("http://tube.example/endless")))
    assert "1000 bytes" in str(await refusal(internet.get("http://tube.example/too-long")))
    assert len(await internet.get("http://tube.example/fits")) == 998


async def test_compressed_answers_are_not_unpacked(site: Site, internet: Internet) -> None:
    bomb = gzip.compress(b" " * 10_000_000)
    for coding in ("gzip", "deflate", "br", "gzip, gzip"):
        site.pages["/bomb"] = web.Response(
            body=bomb, content_type="application/json", headers={"Content-Encoding": coding}
        )
        problem = await refusal(internet.get("http://tube.example/bomb", most=100_000))
        assert "compressed" in str(problem)
    assert {asked.headers["Accept-Encoding"] for asked in site.asked} == {"identity"}


async def test_who_does_not_answer_in_time(site: Site, internet: Internet) -> None:
    waiting = asyncio.Event()

    async def never(request: web.Request) -> web.StreamResponse:
        waiting.set()
        await asyncio.Event().wait()
        raise AssertionError

    site.pages["/never"] = never
    problem = await refusal(internet.get("http://tube.example/never", seconds=2.0))
    assert waiting.is_set()
    assert problem.passing
    assert "2 s" in str(problem)


async def test_time_runs_over_all_redirects_and_all_of_a_body(
    site: Site, internet: Internet
) -> None:
    async def trickle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            while True:
                await response.write(b" ")
                await asyncio.sleep(0.05)
        return response

    site.pages["/trickle"] = trickle
    problem = await refusal(internet.get("http://tube.example/trickle", seconds=1.0))
    assert problem.passing


@pytest.mark.parametrize(
    ("status", "passing"), [(404, False), (401, False), (429, True), (500, True), (503, True)]
)
async def test_other_statuses(site: Site, internet: Internet, status: int, passing: bool) -> None:
    site.pages["/"] = document(PAGE, status=status)
    problem = await refusal(internet.get())
    assert str(status) in str(problem)
    assert problem.passing is passing


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"{", "application/json"),
        (b"", "application/json"),
        (b"\xff", "application/json"),
        (b"[" * 900, "application/json"),
        (b"{}", "text/html"),
        (b"{}", "application/json; charset=idna"),
        (b"{}", "application/json; charset=no-such"),
        (b"{}", "application/json; charset=zip"),
    ],
)
async def test_what_is_no_json(
    site: Site, internet: Internet, body: bytes, content_type: str
) -> None:
    site.pages["/"] = web.Response(body=body, headers={"Content-Type": content_type})
    assert not (await refusal(internet.get())).passing


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'"\xc3\xa9"', "application/json"),
        (b'\xef\xbb\xbf"\xc3\xa9"', "application/json; charset=UTF-8"),
        (b'"\xe9"', 'application/json; charset="iso-8859-1"'),
    ],
)
async def test_charsets(site: Site, internet: Internet, body: bytes, content_type: str) -> None:
    site.pages["/"] = web.Response(body=body, headers={"Content-Type": content_type})
    assert await internet.get() == "é"


async def test_a_name_that_is_not_known_may_come_back(internet: Internet) -> None:
    assert (await refusal(internet.get("http://nobody.example/"))).passing


async def test_a_strangers_certificate_is_not_taken() -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(TLS / "server.pem", TLS / "server.key")
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(1))
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context) as server:
        sockets = Sockets(server.sockets[0].getsockname()[1])
        fetcher = Web(names=Names({"tube.example": [[PUBLIC]]}), open_socket=sockets)
        problem = await refusal(fetcher.json("https://tube.example/", most=100, seconds=30))
    assert sockets.reached == [(PUBLIC, 443)]
    assert "certificate" in str(problem)
    assert heard in ([], [b""])


async def test_what_is_allowed_may_be_private_at_its_own_port_alone(site: Site) -> None:
    site.pages["/"] = document(PAGE)
    allowing = Web([place_of(site.url)])
    assert await allowing.json(site.url, most=100, seconds=30) == PAGE
    other = f"http://127.0.0.1:{site.port + 1 if site.port < 65535 else 1024}/"
    for url in (other, "http://127.0.0.1/", f"http://localhost:{site.port}/"):
        await refusal(allowing.json(url, most=100, seconds=30))
    site.pages["/"] = web.Response(status=302, headers={"Location": other})
    await refusal(allowing.json(site.url, most=100, seconds=30))


def test_places() -> None:
    assert place_of("https://Search.example/api") == ("search.example", 443)
    assert place_of("http://10.0.0.5:3000") == ("10.0.0.5", 3000)


@pytest.mark.parametrize("wrong", ["", "search.example", "ftp://search.example", "http://a:b"])
def test_what_is_no_place(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"address|[Pp]ort"):
        place_of(wrong)
