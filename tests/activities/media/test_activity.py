"""The activity: which sources are asked, in which order, and what is said in the end."""

import json
import logging
from pathlib import Path
from typing import cast

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.media import activities
from activities.media.activity import NO_LINKS, NOTHING, ONLY_LINKS, MediaActivities
from activities.media.search import AWAY, NOT_SET_UP
from rosey.bus import Bus
from rosey.contracts.media import LOOK_UP, FoundMedia, LookedUp, Source, Wanted
from rosey.durable.surroundings import Surroundings
from tests.activities.media.fakes import MANIFEST, Site, document, invidious_video

LINK = "https://vimeo.com/12"


class Stub:
    """A source of another make."""

    def __init__(self, answer: LookedUp | Exception | None) -> None:
        self.answer = answer
        self.asked: list[str] = []

    async def find(self, wanted: Wanted) -> LookedUp | None:
        self.asked.append(wanted.text)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def found(title: str) -> LookedUp:
    return LookedUp(media=FoundMedia(type="vi", id="12", title=title))


class Stand:
    """The activity over three stubs."""

    def __init__(self, **answers: LookedUp | Exception | None) -> None:
        names = ("link", "catalogue", "search")
        self.stubs = {name: Stub(answers.get(name)) for name in names}
        self.media = MediaActivities(self.stubs)

    async def look_up(self, text: str, *sources: Source) -> LookedUp:
        wanted = Wanted(channel="lounge/lobby", text=text)
        if sources:
            wanted.sources = list(sources)
        answer = await ActivityEnvironment().run(self.media.look_up, wanted)
        assert isinstance(answer, LookedUp)
        return answer

    @property
    def asked(self) -> list[str]:
        return [name for name, stub in self.stubs.items() if stub.asked]


async def test_a_link_is_for_the_link_source_alone() -> None:
    stand = Stand(link=found("by link"), catalogue=found("c"), search=found("s"))
    assert await stand.look_up(f"  {LINK} ") == found("by link")
    assert stand.stubs["link"].asked == [LINK]
    assert stand.asked == ["link"]


async def test_a_bad_link_is_not_searched_for() -> None:
    stand = Stand(link=LookedUp(problem="no such kind"), search=found("s"))
    assert await stand.look_up("https://example.com/a.avi") == LookedUp(problem="no such kind")
    assert stand.asked == ["link"]


async def test_words_go_to_the_others_in_the_order_asked_for() -> None:
    stand = Stand(catalogue=found("c"), search=found("s"))
    assert await stand.look_up("alien") == found("c")
    assert stand.asked == ["catalogue"]
    assert await stand.look_up("alien", "search", "catalogue") == found("s")


async def test_a_source_without_an_answer_hands_on() -> None:
    stand = Stand(search=found("s"))
    assert await stand.look_up("alien") == found("s")
    stand = Stand(search=LookedUp(problem=NOT_SET_UP), catalogue=found("c"))
    assert await stand.look_up("alien", "search", "catalogue") == found("c")


async def test_a_choice_is_an_answer() -> None:
    choice = LookedUp(others=[FoundMedia(type="vi", id="1")], problem="Which one is it?")
    stand = Stand(catalogue=choice, search=found("s"))
    assert await stand.look_up("alien") == choice


async def test_what_is_said_when_nothing_is_found() -> None:
    stand = Stand(search=LookedUp(problem=NOT_SET_UP))
    assert (await stand.look_up("alien")).problem == NOT_SET_UP
    assert (await Stand().look_up("alien")).problem == "I find nothing for 'alien'."
    assert len((await Stand().look_up("x" * 5000)).problem) < 100
    assert (await Stand().look_up("  ")).problem == NOTHING
    assert (await Stand().look_up("alien", "link")).problem == ONLY_LINKS
    assert (await Stand().look_up(LINK, "catalogue", "search")).problem == NO_LINKS


async def test_what_is_worth_another_try_is_tried_again() -> None:
    with pytest.raises(ApplicationError, match="does not answer"):
        await Stand(search=ApplicationError(AWAY)).look_up("alien")


def surroundings(data: Path) -> Surroundings:
    return Surroundings(cast(Bus, None), "playlist", data, data)


async def run(data: Path, text: str) -> LookedUp:
    (look_up,) = activities(surroundings(data))
    answer = await ActivityEnvironment().run(look_up, Wanted(channel="lounge/lobby", text=text))
    assert isinstance(answer, LookedUp)
    return answer


async def test_all_of_it_together(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROSEY_MEDIA_SEARCH", f" {site.url}/ ")
    site.pages["/api/v1/search"] = document([invidious_video("a" * 11)])
    site.pages["/film.json"] = document(MANIFEST)
    (tmp_path / "catalogue").mkdir()
    entry = {"title": "Alien", "link": "https://example.com/alien.mp4"}
    (tmp_path / "catalogue" / "films.json").write_text(json.dumps([entry]))

    by_catalogue = await run(tmp_path, "alien")
    assert by_catalogue.media is not None
    assert by_catalogue.media.source == "catalogue"
    by_search = await run(tmp_path, "big buck bunny")
    assert by_search.media is not None
    assert by_search.media.source == "search"
    by_link = await run(tmp_path, "https://example.com/some_film.mp4")
    assert by_link.media is not None
    assert by_link.media.title == "some film"

    # The search may be private; what people of the room name may not, not even there.
    asked = len(site.asked)
    manifest = await run(tmp_path, f"cm:{site.url}/film.json")
    assert manifest.media is not None
    assert manifest.media.title == ""
    assert len(site.asked) == asked


async def test_without_configuration_a_link_works(tmp_path: Path) -> None:
    assert (await run(tmp_path, "alien")).problem == NOT_SET_UP
    assert (await run(tmp_path, "https://example.com/a.mp4")).media is not None


async def test_an_address_that_is_none_switches_searching_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("ROSEY_MEDIA_SEARCH", "search.example")
    with caplog.at_level(logging.ERROR):
        assert (await run(tmp_path, "alien")).problem == NOT_SET_UP
    assert "ROSEY_MEDIA_SEARCH: 'search.example' is no http or https address" in caplog.text


def test_its_name_is_the_contracts(tmp_path: Path) -> None:
    (look_up,) = activities(surroundings(tmp_path))
    definition = getattr(look_up, "__temporal_activity_definition")
    assert definition.name == LOOK_UP
