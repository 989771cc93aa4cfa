"""Saved lists as files, from friends and from others."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.playlist import list_files as files
from plugins.playlist.list_files import LARGEST_FILE, Contents, NoFile, Refusal
from plugins.playlist.lists import MOST_ITEMS
from rosey.storage.saved_lists import Entry
from tests.playlist_tables import item

LINK = "https://youtu.be/abc"


def wrapped(**fields: Any) -> bytes:
    return json.dumps(
        {"version": 1, "name": "x", "items": [{"type": "yt", "id": "a"}], **fields}
    ).encode()


@settings(deadline=None)
@given(
    st.lists(
        st.builds(
            item,
            type=st.sampled_from(["yt", "cu", "fi"]),
            media_id=st.text(min_size=1, max_size=50).filter(lambda text: text.strip("\0").strip()),
            by=st.text(max_size=20),
            title=st.text(max_size=50),
            seconds=st.floats(0, 1e6),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_what_is_written_is_read_again(items: list[Any]) -> None:
    entries = [entry for each in items if (entry := Entry.of(each)).id.strip()]
    assert files.read(files.written("horror", entries), "json") == Contents("horror", [*entries])


def test_the_form_of_a_file() -> None:
    written = files.written("horror", [Entry("yt", "abc", "Fïlm", 60.5, "Alice")])
    assert json.loads(written) == {
        "version": 1,
        "name": "horror",
        "items": [
            {"type": "yt", "id": "abc", "title": "Fïlm", "seconds": 60.5, "added_by": "Alice"}
        ],
    }


def test_plain_links() -> None:
    text = f"\ufeff# mine\n\n {LINK} \r\nyt:abc\nhello\n<iframe src='https://e.org'></iframe>\n"
    found = files.read(text.encode(), "txt")
    assert found.items == [LINK, "yt:abc", "<iframe src='https://e.org'></iframe>"]
    assert found.refused == [Refusal(3, "“hello” is no link")]
    entries = [Entry("yt", "abc"), Entry("fi", "https://e.org/x.mp4")]
    lines = files.written_links(entries, lambda kind, id: f"{kind}:{id}")
    assert files.read(lines, "txt").items == ["yt:abc", "fi:https://e.org/x.mp4"]


def test_links_and_items_mixed_in_a_bare_list() -> None:
    given = json.dumps([LINK, {"type": "yt", "id": "abc", "seconds": 5, "more": 1}]).encode()
    assert files.read(given, "json") == Contents("", [LINK, Entry("yt", "abc", "", 5.0)])


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (5, "neither a link nor an object"),
        (None, "neither a link nor an object"),
        ([], "neither a link nor an object"),
        ("no link", "“no link” is no link"),
        ("https://e.org/\x1b[2J", "is no link"),
        ("https://e.org/" + "x" * 2_000, "at most 2,000 bytes"),
        ({"id": "a"}, "the type is none like yt"),
        ({"type": "YT!", "id": "a"}, "the type is none like yt"),
        ({"type": 5, "id": "a"}, "the type is no text"),
        ({"type": "yt"}, "there is no id"),
        ({"type": "yt", "id": " "}, "there is no id"),
        ({"type": "yt", "id": "x" * 2_001}, "the id has more than 2,000 characters"),
        ({"type": "yt", "id": "ü" * 1_001}, "a link has at most 2,000 bytes"),
        ({"type": "yt", "id": "a", "title": "x" * 256}, "the title has more than 255"),
        ({"type": "yt", "id": "a", "title": "a\nb"}, "the title has control characters"),
        ({"type": "yt", "id": "a\0"}, "the id has control characters"),
        ({"type": "yt", "id": "a", "title": "\ud800"}, "the title has control characters"),
        ({"type": "yt", "id": "a", "added_by": ["x"]}, "the added_by is no text"),
        ({"type": "yt", "id": "a", "seconds": "5"}, "the seconds are no number"),
        ({"type": "yt", "id": "a", "seconds": True}, "the seconds are no number"),
        ({"type": "yt", "id": "a", "seconds": -1}, "the seconds are no length"),
        ({"type": "yt", "id": "a", "seconds": float("nan")}, "the seconds are no length"),
        ({"type": "yt", "id": "a", "seconds": 10**400}, "the seconds are no length"),
    ],
)
def test_an_item_that_is_none_is_told_with_its_place(entry: Any, why: str) -> None:
    found = files.read(json.dumps([LINK, entry]).encode(), "json")
    assert found.items == [LINK]
    (refused,) = found.refused
    assert refused.place == 2
    assert why in refused.why


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"{", "is no JSON"),
        (b"[" * 100_000, "is no JSON"),
        (b"\xff\xfe", "not in UTF-8"),
        (b" " * (LARGEST_FILE + 1), "larger than 1 MB"),
        (b"5", "no list of items"),
        (b"{}", "no list of items"),
        (wrapped(items={}), "no list of items"),
        (wrapped(version=2), "of another version; I read version 1"),
        (wrapped(version="1"), "of another version"),
        (wrapped(name="../../etc"), "the list's name is none"),
        (wrapped(name=7), "the list's name is none"),
        (wrapped(items=[LINK] * (MOST_ITEMS + 1)), "more than 200 items"),
    ],
    ids=lambda given: given if isinstance(given, str) else str(len(given)),
)
def test_a_file_that_is_none(data: bytes, why: str) -> None:
    with pytest.raises(NoFile, match=why):
        files.read(data, "json")


def test_names_of_files() -> None:
    assert files.file_name("lounge/lobby", "horror", "json") == "lounge=2Flobby.horror.json"
    longest = files.file_name("lounge/" + "é" * 200, "x" * 50, "txt")
    assert files.format_of(longest) == "txt"
    assert longest != files.file_name("lounge/" + "é" * 201, "x" * 50, "txt")


@pytest.mark.parametrize(
    "name", ["", "a.csv", "../a.json", "/etc/passwd", "a/b.json", ".a.json", "a.json\n"]
)
def test_what_is_no_name_of_a_file(name: str) -> None:
    with pytest.raises(NoFile, match="plain name of a file"):
        files.format_of(name)


def test_files_are_kept_in_the_folder(tmp_path: Path) -> None:
    files.store(tmp_path, "a.json", b"one")
    files.store(tmp_path, "a.json", b"two")
    assert files.fetch(tmp_path, "a.json") == b"two"
    assert os.listdir(tmp_path) == ["a.json"]
    (tmp_path / "link.json").symlink_to("/etc/hostname")
    for name in ("missing.json", "link.json"):
        with pytest.raises(NoFile, match=f"There is no file {name} in my folder"):
            files.fetch(tmp_path, name)
    with pytest.raises(NoFile, match="cannot be written"):
        files.store(tmp_path / "nowhere", "a.json", b"")
