"""Links: which media, and what the hooks learn about it."""

import asyncio
import logging
from typing import Any

import pytest
from aiohttp import web

from activities.media import hooks
from activities.media.hooks import FileName, Manifest, OEmbed
from activities.media.link import LinkSource
from activities.media.web import Web, place_of
from rosey.contracts.media import FoundMedia, LookedUp, Wanted
from tests.activities.media.fakes import MANIFEST, OEMBED_ANSWER, Site, document

YOUTUBE = "https://youtu.be/dQw4w9WgXcQ"


@pytest.fixture
def links(site: Site) -> LinkSource:
    """The hooks of the real thing, in an internet that is the local site."""
    reach = Web([place_of(site.url)])
    endpoints = dict.fromkeys(hooks.OEMBED, f"{site.url}/oembed?format=json&url=")
    return LinkSource([OEmbed(reach, endpoints), Manifest(reach), FileName()])


async def find(links: LinkSource, text: str, *types: str) -> LookedUp:
    found = await links.find(Wanted(channel="lounge/lobby", text=text, types=list(types)))
    assert found is not None
    return found


async def media(links: LinkSource, text: str, *types: str) -> FoundMedia:
    found = await find(links, text, *types)
    assert found.media is not None
    assert not found.problem
    return found.media


async def test_oembed_gives_title_and_picture(site: Site, links: LinkSource) -> None:
    site.pages["/oembed"] = document(OEMBED_ANSWER)
    assert await media(links, YOUTUBE) == FoundMedia(
        type="yt",
        id="dQw4w9WgXcQ",
        title="Rick Astley - Never Gonna Give You Up",
        thumbnail="https://i.ytimg.com/vi/dQw4w9WgXcQ/hqdefault.jpg",
        source="link",
    )
    (asked,) = site.asked
    assert asked.query == {"format": "json", "url": "https://youtube.com/watch?v=dQw4w9WgXcQ"}


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("https://vimeo.com/123", "https://vimeo.com/123"),
        ("dm:x7tgad0", "https://dailymotion.com/video/x7tgad0"),
        ("https://streamable.com/abc12", "https://streamable.com/abc12"),
    ],
)
async def test_other_sites_have_it_too(
    site: Site, links: LinkSource, text: str, asked: str
) -> None:
    site.pages["/oembed"] = document(OEMBED_ANSWER)
    assert (await media(links, text)).title == OEMBED_ANSWER["title"]
    assert site.asked[0].query["url"] == asked


def test_the_real_endpoints_are_public_sites() -> None:
    for endpoint in hooks.OEMBED.values():
        assert endpoint.startswith("https://")
        assert endpoint.endswith("url=")


@pytest.mark.parametrize(
    "answer",
    [
        web.Response(status=404, text="Not Found"),
        web.Response(status=401, text="Unauthorized"),
        web.Response(text="<html>", content_type="text/html"),
        web.Response(text="{", content_type="application/json"),
        document([]),
        document("title"),
        document(None),
        document({}),
        document({"title": 5, "thumbnail_url": ["x"]}),
        document({"title": None, "thumbnail_url": "javascript:alert(1)"}),
        document({"title": "\x00 \n", "thumbnail_url": "https://a.example/\"onload='x"}),
        document({"title": "\ud800"}),
    ],
)
async def test_a_hook_that_learns_nothing_leaves_a_usable_item(
    site: Site, links: LinkSource, answer: web.Response
) -> None:
    site.pages["/oembed"] = answer
    bare = FoundMedia(type="yt", id="dQw4w9WgXcQ", source="link")
    found = await media(links, YOUTUBE)
    assert found == bare
    assert found.model_dump_json()
    assert len(site.asked) == 1


async def test_a_hook_that_takes_too_long_leaves_a_usable_item(
    site: Site, links: LinkSource, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def never(request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    assert hooks.OEMBED_SECONDS == 4.0
    monkeypatch.setattr(hooks, "OEMBED_SECONDS", 0.2)
    site.pages["/oembed"] = never
    with caplog.at_level(logging.INFO):
        assert (await media(links, YOUTUBE)).title == ""
    assert "yt:dQw4w9WgXcQ: no answer within 0.2 s" in caplog.text


async def test_titles_are_one_line_of_sensible_length(site: Site, links: LinkSource) -> None:
    site.pages["/oembed"] = document({"title": "  a\n\tb\x07 " + "x" * 999})
    title = (await media(links, YOUTUBE)).title
    assert title.startswith("a b xxx")
    assert title.endswith("…")
    assert len(title) == 255


async def test_a_manifest_tells_all_about_itself(site: Site, links: LinkSource) -> None:
    site.pages["/film.json"] = document(MANIFEST)
    address = f"{site.url}/film.json"
    assert await media(links, f"cm:{address}") == FoundMedia(
        type="cm",
        id=address,
        title="A film",
        seconds=61.5,
        thumbnail="https://media.example.com/a.jpg",
        source="link",
    )


async def test_what_is_live_has_no_length(site: Site, links: LinkSource) -> None:
    site.pages["/film.json"] = document(MANIFEST | {"live": True, "duration": 5})
    found = await media(links, f"cm:{site.url}/film.json")
    assert found.live
    assert found.seconds == 0


def source(**more: Any) -> dict[str, Any]:
    return {"sources": [MANIFEST["sources"][0] | more]}  # type: ignore[index]


@pytest.mark.parametrize(
    "manifest",
    [
        [],
        None,
        MANIFEST | {"title": ""},
        MANIFEST | {"title": 5},
        MANIFEST | {"duration": -1},
        MANIFEST | {"duration": "61"},
        MANIFEST | {"duration": True},
        MANIFEST | {"duration": None},
        MANIFEST | {"duration": float("nan")},
        MANIFEST | {"duration": float("inf")},
        MANIFEST | {"duration": 10**400},
        MANIFEST | {"live": "yes"},
        MANIFEST | {"sources": []},
        MANIFEST | {"sources": {}},
        MANIFEST | {"sources": ["https://media.example.com/a.mp4"]},
        MANIFEST | source(url="http://media.example.com/a.mp4"),
        MANIFEST | source(url="https://10.0.0.1/a.mp4"),
        MANIFEST | source(url="https://8.8.8.8/a.mp4"),
        MANIFEST | source(url="https://[::1/a.mp4"),
        MANIFEST | source(url=["x"]),
        MANIFEST | source(contentType="text/html"),
        MANIFEST | source(contentType=["video/mp4"]),
        MANIFEST | source(quality=[720]),
        MANIFEST | source(quality=719),
    ],
)
async def test_a_manifest_that_cytube_would_refuse_says_nothing(
    site: Site, links: LinkSource, manifest: Any
) -> None:
    site.pages["/film.json"] = document(manifest)
    address = f"{site.url}/film.json"
    assert await media(links, f"cm:{address}") == FoundMedia(type="cm", id=address)
    assert len(site.asked) == 1


async def test_a_manifest_is_small_and_at_its_place(site: Site, links: LinkSource) -> None:
    largest = 100 * 1024
    room = largest - len(document(MANIFEST | {"note": ""}).body or b"")  # type: ignore[arg-type]
    site.pages["/fits.json"] = document(MANIFEST | {"note": "x" * room})
    site.pages["/big.json"] = document(MANIFEST | {"note": "x" * (room + 1)})
    site.pages["/moved.json"] = web.Response(status=302, headers={"Location": "/fits.json"})
    titles = [
        (await media(links, f"cm:{site.url}/{name}.json")).title
        for name in ("fits", "big", "moved")
    ]
    assert titles == ["A film", "", ""]


async def test_links_of_the_room_reach_nothing_private(site: Site) -> None:
    """With the hooks as they are in earnest, which have no leave for the local site."""
    site.pages["/film.json"] = document(MANIFEST)
    links = LinkSource([OEmbed(Web()), Manifest(Web()), FileName()])
    for host in ("127.0.0.1", "localhost", "2130706433", "[::1]"):
        address = f"http://{host}:{site.port}/film.json"
        assert (await media(links, f"cm:{address}")).title == ""
        assert (await media(links, f"cm:http://{host}/film.json")).title == ""
    assert site.asked == []


@pytest.mark.parametrize(
    ("address", "title"),
    [
        ("https://example.com/films/The%20Third_Man+1949.mp4?token=x#t=3", "The Third Man 1949"),
        ("https://example.com/caf%C3%A9.webm", "café"),
        ("https://example.com/a%2Fb.mp4", "a/b"),
        ("https://example.com/bad%ff%00.mp4", "bad�"),
        ("https://example.com/.mp4", ""),
    ],
)
async def test_a_files_name_is_its_title(links: LinkSource, address: str, title: str) -> None:
    found = await media(links, address)
    assert (found.type, found.id, found.title) == ("fi", address, title)


async def test_words_are_not_for_links(links: LinkSource) -> None:
    assert await links.find(Wanted(channel="lounge/lobby", text="re:zero")) is None


@pytest.mark.parametrize(
    ("text", "types", "problem"),
    [
        ("https://example.com/a.avi", [], "I find nothing to play behind that link."),
        ("http://example.com/a.mp4", [], "must begin with https://"),
        ("us:channel", [], "Ustream can no longer be played."),
        ("https://vimeo.com/123", ["yt", "dm"], "Only these are taken here: YouTube, Dailymotion."),
    ],
)
async def test_a_link_that_does_not_play_is_refused_with_the_reason(
    links: LinkSource, text: str, types: list[str], problem: str
) -> None:
    found = await find(links, text, *types)
    assert found.media is None
    assert problem in found.problem


async def test_a_room_may_take_what_others_do_not(site: Site, links: LinkSource) -> None:
    site.pages["/oembed"] = document(OEMBED_ANSWER)
    found = await media(links, "https://soundcloud.com/a/b", "sc")
    assert found.title == OEMBED_ANSWER["title"]
    assert site.asked[0].query["url"] == "https://soundcloud.com/a/b"
