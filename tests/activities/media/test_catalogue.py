"""Lists of the operator's own, and how titles are found in them."""

import json
import logging
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.media import shelf
from activities.media.catalogue import Catalogue
from activities.media.matching import fit, words_of
from activities.media.web import WebError
from rosey.contracts.media import FoundMedia, LookedUp, Wanted

FILMS: list[dict[str, Any]] = [
    {"title": "Alien", "link": "https://example.com/alien.mp4", "seconds": 7020},
    {"title": "Aliens", "link": "https://example.com/aliens.mp4", "seconds": 8220},
    {"title": "Amélie", "link": "https://vimeo.com/12", "aliases": ["The Fabulous Destiny"]},
    {"title": "Pilot", "link": "yt:dQw4w9WgXcQ", "series": "The Tick"},
    {"title": "Ghost of the North", "link": "https://example.com/north.json"},
    {"title": "Ghost of the South", "link": "https://example.com/south.json"},
    {"title": "Ghost of the East", "link": "https://example.com/east.json"},
]


def write(file: Path, text: str, change: int = 1) -> None:
    """Write a list; `change` is its time of change in seconds."""
    file.write_text(text, encoding="utf-8")
    os.utime(file, (change, change))


@pytest.fixture
def films(tmp_path: Path) -> Catalogue:
    write(tmp_path / "films.json", json.dumps(FILMS))
    return Catalogue(tmp_path)


async def find(catalogue: Catalogue, text: str, *types: str) -> LookedUp | None:
    return await catalogue.find(Wanted(channel="lounge/lobby", text=text, types=list(types)))


async def title(catalogue: Catalogue, text: str, *types: str) -> str | None:
    found = await find(catalogue, text, *types)
    return found.media.title if found and found.media else None


class Knows:
    """A site that tells all there is, and has another title for it."""

    async def fill(self, media: FoundMedia) -> FoundMedia:
        told = {"title": "Theirs", "seconds": 60.0, "thumbnail": "https://example.com/a.jpg"}
        return media.model_copy(update=told)


class Away:
    async def fill(self, media: FoundMedia) -> FoundMedia:
        raise WebError("nobody answers")


async def test_what_a_list_leaves_out_the_hooks_may_know(tmp_path: Path) -> None:
    """What it says stands; a hook that fails costs nothing."""
    write(tmp_path / "films.json", json.dumps(FILMS))
    catalogue = Catalogue(tmp_path, [Away(), Knows()])
    for text, seconds in (("alien", 7020), ("amelie", 60)):
        found = await find(catalogue, text)
        assert found is not None
        assert found.media is not None
        assert found.media.seconds == seconds
        assert found.media.title in ("Alien", "Amélie")
        assert found.media.thumbnail == "https://example.com/a.jpg"
        assert found.media.source == "catalogue"


async def test_what_belongs_to_a_series_says_so(films: Catalogue) -> None:
    found = await find(films, "the tick pilot")
    assert found is not None
    assert found.media is not None
    assert (found.media.title, found.media.series) == ("Pilot", "The Tick")


async def test_a_title_is_found(films: Catalogue) -> None:
    found = await find(films, "alien")
    assert found is not None
    assert found.media == FoundMedia(
        type="fi",
        id="https://example.com/alien.mp4",
        title="Alien",
        seconds=7020,
        source="catalogue",
    )
    assert [other.title for other in found.others] == ["Aliens"]
    assert found.problem == ""


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("ALIENS!", "Aliens"),
        ("amelie", "Amélie"),
        ("amelei", "Amélie"),
        ("fabulous destiny", "Amélie"),
        ("the tick pilot", "Pilot"),
        ("tick pilot", "Pilot"),
        ("ghost north", "Ghost of the North"),
        ("gohst of the noth", "Ghost of the North"),
        ("the thing", None),
        ("zzz", None),
        ("?!", None),
    ],
)
async def test_words_are_enough(films: Catalogue, text: str, wanted: str | None) -> None:
    assert await title(films, text) == wanted


async def test_several_are_left_to_the_person(films: Catalogue) -> None:
    found = await find(films, "ghost of the")
    assert found is not None
    assert found.media is None
    assert {other.title for other in found.others} == {entry["title"] for entry in FILMS[4:]}
    assert found.problem.startswith("Several fit: Ghost of the North; Ghost of the South; ")


async def test_the_same_title_twice_is_left_to_the_person(tmp_path: Path) -> None:
    remakes = [{"title": "The Thing", "link": f"https://example.com/{at}.mp4"} for at in range(9)]
    write(tmp_path / "a.json", json.dumps(remakes))
    found = await find(Catalogue(tmp_path), "the thing")
    assert found is not None
    assert found.media is None
    assert len(found.others) == 5


async def test_only_what_the_room_takes(films: Catalogue) -> None:
    assert await title(films, "alien", "vi", "yt") is None
    assert await title(films, "alien", "fi") == "Alien"


TOML = """
[[media]]
title = "Nosferatu"
link = "https://example.com/nosferatu.m3u8"
aliases = ["A Symphony of Horror"]
"""


async def test_lists_may_be_toml_and_tables(tmp_path: Path) -> None:
    write(tmp_path / "a.toml", TOML)
    write(tmp_path / "b.json", "\ufeff" + json.dumps({"films": FILMS[:1]}))
    write(tmp_path / "notes.txt", "not a list")
    catalogue = Catalogue(tmp_path)
    assert await title(catalogue, "symphony of horror") == "Nosferatu"
    assert await title(catalogue, "alien") == "Alien"


async def test_no_folder_is_an_empty_catalogue(tmp_path: Path) -> None:
    assert await find(Catalogue(tmp_path / "missing"), "alien") is None


async def test_files_are_read_again_only_when_they_change(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    catalogue = Catalogue(tmp_path)
    assert await title(catalogue, "alien") is None
    write(file, json.dumps([FILMS[0]]), change=1)
    assert await title(catalogue, "alien") == "Alien"
    # As long and as old as before, and so not looked at.
    write(file, json.dumps([FILMS[0] | {"title": "Enila"}]), change=1)
    assert await title(catalogue, "alien") == "Alien"
    write(file, json.dumps([FILMS[0] | {"title": "Enila"}]), change=2)
    assert await title(catalogue, "alien") is None
    assert await title(catalogue, "enila") == "Enila"
    file.unlink()
    assert await title(catalogue, "enila") is None


ENTRY = FILMS[0]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "bad.json: Expecting property name"),
        ("[" * 100_000, "bad.json: maximum recursion"),
        ('"alien"', "bad.json: it must be a list"),
        (json.dumps(ENTRY), "bad.json: it must be a list"),
        (json.dumps(["alien"]), "bad.json, entry 1: Input should be"),
        (json.dumps([ENTRY, {"title": "x"}]), "bad.json, entry 2: link: Field required"),
        (json.dumps([ENTRY | {"title": ""}]), "bad.json, entry 1: title: "),
        (json.dumps([ENTRY | {"seconds": -1}]), "bad.json, entry 1: seconds: "),
        (json.dumps([ENTRY | {"year": 1979}]), "bad.json, entry 1: year: "),
        (json.dumps([ENTRY | {"link": "alien.mp4"}]), "bad.json, entry 1: 'alien.mp4': "),
        (json.dumps([ENTRY | {"link": "us:x"}]), "bad.json, entry 1: 'us:x': Ustream can"),
    ],
)
async def test_a_broken_list_is_logged_once_and_hides_no_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str, why: str
) -> None:
    write(tmp_path / "bad.json", text)
    write(tmp_path / "good.json", json.dumps(FILMS))
    catalogue = Catalogue(tmp_path)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert await title(catalogue, "alien") == "Alien"
    (message,) = caplog.messages
    assert message.startswith(f"catalogue left out: {why}")


async def test_files_that_cannot_be_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "LARGEST_FILE", 5000)
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe")
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "gone.json").symlink_to(tmp_path / "nowhere")
    (tmp_path / "large.toml").write_text("#" * 5001)
    write(tmp_path / "good.json", json.dumps(FILMS))
    with caplog.at_level(logging.WARNING):
        assert await title(Catalogue(tmp_path), "alien") == "Alien"
    assert len(caplog.messages) == 4


@settings(deadline=None)
@given(st.text(), st.text())
def test_a_fit_is_between_nothing_and_word_for_word(wanted: str, name: str) -> None:
    score = fit(words_of(wanted), words_of(name))
    assert 0.0 <= score <= 1.0
    assert (score == 1.0) == (words_of(wanted) == words_of(name) != ())


@settings(deadline=None)
@given(st.lists(st.text("abcdefgh", min_size=4, max_size=9), min_size=2, max_size=5))
def test_more_words_of_a_title_fit_better(words: list[str]) -> None:
    assert fit(words, words) >= fit(words[:-1], words) > 0


def test_only_so_many_words_count() -> None:
    assert len(words_of("word " * 500)) == 20


def test_words() -> None:
    assert words_of("Tom & Jerry's  Café-Bar: №2") == ("tom", "and", "jerrys", "cafe", "bar", "no2")
