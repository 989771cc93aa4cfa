"""Another bot's queue, read whole or refused with all that is wrong."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core.errors import UserError
from core.old_queue import MOST_ITEMS, OldItem, read_old_queue

HERE = "lounge/lobby"
WHOLE = {
    "media_type": "yt",
    "media_id": "abc",
    "title": "Fïlm",
    "duration": 61,
    "added_by": "alice",
    "added_at": "2026-05-03T22:00:00+02:00",
    "position": 7,
}
AT = datetime(2026, 5, 3, 20, tzinfo=UTC)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "old.json"


def put(file: Path, content: Any) -> Path:
    file.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return file


def test_rooms_with_their_items(file: Path) -> None:
    other = {"type": "vi", "id": "5"}
    found = read_old_queue(put(file, {HERE: [WHOLE, other], "cytube/den": []}))
    assert found == {
        HERE: [
            OldItem("yt", "abc", "Fïlm", 61.0, "alice", AT),
            OldItem("vi", "5", "", 0.0, "", None),
        ],
        "cytube/den": [],
    }


@pytest.mark.parametrize("when", ["2026-05-03T20:00:00Z", "2026-05-03 20:00:00", AT.timestamp()])
def test_times_as_bots_write_them(file: Path, when: object) -> None:
    found = read_old_queue(put(file, [WHOLE | {"added_at": when}]), HERE)
    assert found[HERE][0].added_at == AT


def test_which_room_is_meant(file: Path) -> None:
    assert list(read_old_queue(put(file, [WHOLE]), HERE)) == [HERE]
    assert list(read_old_queue(put(file, {"movies": [WHOLE]}), HERE)) == [HERE]
    both = {HERE: [WHOLE], "lounge/den": []}
    assert list(read_old_queue(put(file, both), "lounge/den")) == ["lounge/den"]
    with pytest.raises(UserError, match=r"has no room a/b; it has 'lounge/lobby', 'lounge/den'"):
        read_old_queue(file, "a/b")
    with pytest.raises(UserError, match="whose it is with --channel"):
        read_old_queue(put(file, [WHOLE]))


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("media_type", None, "media_type: is missing"),
        ("media_type", 5, "media_type: is no text"),
        ("media_type", "x" * 21, "media_type: has more than 20 characters"),
        ("media_id", "", "media_id: is empty"),
        ("media_id", "x" * 2_001, "media_id: has more than 2,000 characters"),
        ("title", ["x"], "title: is no text"),
        ("title", "a\0b", "title: has control or half characters in it"),
        ("title", "\ud800", "title: has control or half characters in it"),
        ("title", "x" * 256, "title: has more than 255 characters"),
        ("duration", "61", "duration: is no number of seconds"),
        ("duration", True, "duration: is no number of seconds"),
        ("duration", -1, "duration: is less than nothing"),
        ("duration", float("inf"), "duration: is no number of seconds"),
        ("added_by", {}, "added_by: is no text"),
        ("added_at", "yesterday", "added_at: is no time like"),
        ("added_at", 1e300, "added_at: is no time like"),
        ("added_at", False, "added_at: is no time like"),
    ],
)
def test_nonsense_is_named_by_entry_and_field(
    file: Path, field: str, value: object, why: str
) -> None:
    put(file, {HERE: [WHOLE, WHOLE | {field: value}]})
    with pytest.raises(UserError) as caught:
        read_old_queue(file)
    head, line = str(caught.value).split("\n")
    assert head == f"Nothing is imported, because {file} is not sound:"
    assert line.startswith(f"{HERE}, entry 2: {why}")


def test_all_that_is_wrong_is_named(file: Path) -> None:
    put(file, {HERE: [5] * 12, "movies": [], "a/b": {}, "a/c": [WHOLE] * (MOST_ITEMS + 1)})
    with pytest.raises(UserError) as caught:
        read_old_queue(file)
    lines = str(caught.value).split("\n")
    assert lines[1] == f"{HERE}, entry 1: is no object with media_type and media_id."
    assert lines[-1] == "... and 5 more."
    for room, why in (("movies", "is no channel key"), ("a/b", "no list"), ("a/c", "more than")):
        content = {room: {"a/b": {}, "a/c": [WHOLE] * (MOST_ITEMS + 1)}.get(room, [])}
        with pytest.raises(UserError, match=why):
            read_old_queue(put(file, content))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"{", "is no JSON"),
        (b"[" * 100_000, "is no JSON"),
        (b"\xff", "is not in UTF-8"),
        (b"5", "neither a list of items nor rooms"),
        (b"{}", "neither a list of items nor rooms"),
    ],
    ids=["broken", "deep", "latin", "number", "empty"],
)
def test_a_file_that_is_none(file: Path, content: bytes, why: str) -> None:
    with pytest.raises(UserError, match=why):
        read_old_queue(put(file, content))


def test_a_file_that_is_not_there(file: Path) -> None:
    with pytest.raises(UserError, match="cannot be read: No such file"):
        read_old_queue(file)
