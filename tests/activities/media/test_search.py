"""Searching in an Invidious instance."""

import asyncio
import logging
from typing import Any

import pytest
from aiohttp import web
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.media import search
from activities.media.search import AWAY, BROKEN, NOT_SET_UP, Invidious, NoSearch
from activities.media.web import Web, place_of
from rosey.contracts.media import FoundMedia, LookedUp, Wanted
from tests.activities.media.fakes import Site, document, invidious_video

PATH = "/api/v1/search"


def wanted(text: str = "big buck bunny", **more: Any) -> Wanted:
    return Wanted(channel="lounge/lobby", text=text, **more)


@pytest.fixture
def invidious(site: Site) -> Invidious:
    return Invidious(Web([place_of(site.url)]), site.url)


async def test_the_first_video_is_the_answer(site: Site, invidious: Invidious) -> None:
    ids = [f"{at:011}" for at in range(9)]
    site.pages[PATH] = document([invidious_video(each) for each in ids])
    found = await invidious.find(wanted("big & bunny?"))
    assert found is not None
    assert found.media == FoundMedia(
        type="yt",
        id=ids[0],
        title=f"Title of {ids[0]}",
        seconds=213,
        thumbnail=f"https://i.ytimg.com/vi/{ids[0]}/mqdefault.jpg",
        source="search",
    )
    assert [other.id for other in found.others] == ids[1:6]
    assert site.asked[0].query == {"q": "big & bunny?", "type": "video"}


async def test_an_instance_in_a_folder(site: Site) -> None:
    site.pages[f"/tube{PATH}"] = document([invidious_video("a" * 11)])
    found = await Invidious(Web([place_of(site.url)]), f"{site.url}/tube/").find(wanted())
    assert found is not None
    assert found.media is not None


async def test_what_is_no_video_is_passed_over(site: Site, invidious: Invidious) -> None:
    live = invidious_video("live0000001", liveNow=True, lengthSeconds=0)
    site.pages[PATH] = document(
        [
            {"type": "channel", "author": "x", "authorId": "UC"},
            "nonsense",
            None,
            {},
            invidious_video("short"),
            invidious_video("a" * 11, videoId=5),
            invidious_video("upcoming001", isUpcoming=True),
            live,
            invidious_video("b" * 11, title=None, lengthSeconds="long"),
        ]
    )
    found = await invidious.find(wanted())
    assert found is not None
    assert found.media is not None
    assert (found.media.id, found.media.live, found.media.seconds) == ("live0000001", True, 0)
    assert [(each.id, each.title, each.seconds) for each in found.others] == [("b" * 11, "", 0)]


async def test_nothing_found_is_nothing_said(site: Site, invidious: Invidious) -> None:
    site.pages[PATH] = document([])
    assert await invidious.find(wanted()) is None


async def test_a_room_without_youtube_is_not_searched_for(site: Site, invidious: Invidious) -> None:
    assert await invidious.find(wanted(types=["vi"])) is None
    assert site.asked == []


@pytest.mark.parametrize("status", [429, 500, 502, 503])
async def test_who_is_away_may_come_back(site: Site, invidious: Invidious, status: int) -> None:
    site.pages[PATH] = document({"error": "x"}, status=status)
    with pytest.raises(ApplicationError) as caught:
        await invidious.find(wanted())
    assert caught.value.message == AWAY
    assert caught.value.type == "UNAVAILABLE"
    assert not caught.value.non_retryable
    assert caught.value.category is ApplicationErrorCategory.BENIGN


async def test_a_silent_instance_is_away(
    site: Site, invidious: Invidious, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(search, "SECONDS", 0.2)
    site.pages[PATH] = never
    with pytest.raises(ApplicationError, match="does not answer"):
        await invidious.find(wanted())


@pytest.mark.parametrize(
    "answer",
    [
        document({"error": "disabled"}, status=403),
        document({"videos": []}),
        web.Response(text="<html>", content_type="text/html"),
        web.Response(text="[", content_type="application/json"),
    ],
)
async def test_nonsense_is_said_and_logged(
    site: Site, invidious: Invidious, answer: web.Response, caplog: pytest.LogCaptureFixture
) -> None:
    site.pages[PATH] = answer
    with caplog.at_level(logging.ERROR):
        assert await invidious.find(wanted()) == LookedUp(problem=BROKEN)
    assert "the media search: it " in caplog.text


async def test_without_a_search_that_is_said() -> None:
    assert await NoSearch().find(wanted()) == LookedUp(problem=NOT_SET_UP)
    assert NOT_SET_UP == "Searching is not set up here; a link works."
