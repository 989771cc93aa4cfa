"""What a real server sent, heard by the queue: what it believes is what the frames say."""

from collections import Counter
from pathlib import PurePosixPath
from urllib.parse import urlsplit

import pytest

from tests.connectors.cytube.captures import frames, scenes
from tests.workflows.playlist.recorded import Seen, people, watch
from workflows.playlist import plan

SKIPPED = {
    "connection_limit": "nobody gets into the room",
    "old_protocol": "nobody gets into the room",
}
# The edits that the queue would ask for in the course of a scene, where there are any. What was
# asked for comes before what the room's own list goes round with, and what a crash lost comes back.
NEXT = {
    ("playlist_basic", "owner"): [("move", "delta")],
    ("playlist_basic", "moderator"): [("move", "charlie")],
    ("playlist_no_permission", "alice"): [("add", "sec00030abc"), ("move", "sec00030abc")],
    ("server_restart", "Rosey"): [("move", "neversaved"), ("add", "neversaved")],
}
# What is said beside the answers to `!add`, by the sign that a line begins with.
SAID = {
    ("library_and_saved_playlists", "owner"): {"🧹": 1},
    ("media_types", "owner"): {"❌": 30},
    ("not_logged_in", "anonymous"): {"⚠️": 1},
    ("playlist_basic", "alice"): {"🧹": 1},
    ("playlist_basic", "anonymous"): {"🧹": 1},
    ("playlist_basic", "bob"): {"🧹": 1},
    ("playlist_basic", "moderator"): {"🧹": 1},
    ("playlist_basic", "owner"): {"❌": 1, "🧹": 1},
    ("playlist_no_permission", "alice"): {"⚠️": 2, "❌": 4},
    ("playlist_no_permission", "moderator"): {"❌": 1},
    ("queue_limits", "Rosey"): {"❌": 4},
    ("queue_limits", "alice"): {"❌": 5},
    ("server_restart", "Rosey"): {"♻️": 1},
}

PLAYED = [(scene, person) for scene in scenes() if scene not in SKIPPED for person in people(scene)]


def agree(seen: Seen) -> None:
    """The queue and the frames say the same."""
    room, told = seen.room, seen.told
    stood = [
        (each.uid, each.type, each.media_id, each.by, each.temp) for each in room.platform.items
    ]
    assert stood == told.items
    standing = [entry.uid for entry in room.queue if entry.uid is not None]
    assert standing == told.waiting()
    assert (room.playing is None) == (told.on is None)
    if room.playing:
        assert (room.playing.type, room.playing.media_id) == told.on
        assert room.playing.uid == told.current
        assert room.playing.by == told.by


def accounted(seen: Seen) -> None:
    """Whatever was asked for waits, plays, has played or was taken away: one of these, once."""
    room = seen.room
    added = [item["id"] for item in seen.items("item_added")]
    on = [room.playing.entry.id] if room.playing and room.playing.entry else []
    ended = [item["id"] for item in seen.items("item_ended") if item["id"]]
    removed = [item["id"] for item in seen.items("item_removed")]
    waiting = [entry.id for entry in [*room.queue, *room.held]]
    assert sorted(added) == sorted([*on, *ended, *removed, *waiting])
    assert len(set(added)) == len(added)
    asked = Counter((item["type"], item["media_id"]) for item in seen.items("item_added"))
    assert asked == seen.told.waited
    started = [(item["type"], item["media_id"]) for item in seen.items("item_started")]
    assert started == seen.told.starts


def wanted(seen: Seen) -> list[tuple[str, str]]:
    wishes = plan.next_edits(seen.room)
    return [(edit.kind, PurePosixPath(urlsplit(edit.media_id).path).stem) for edit, _ in wishes]


@pytest.mark.parametrize("answer_first", [False, True], ids=["list-first", "answer-first"])
@pytest.mark.parametrize(("scene", "person"), PLAYED)
def test_scene(scene: str, person: str, answer_first: bool) -> None:
    wishes: list[tuple[str, str]] = []
    for seen in watch(scene, person, answer_first):
        if seen.session and seen.session.entered:
            agree(seen)
            wishes += wanted(seen)
    accounted(seen)
    said = Counter(line.split()[0] for line in seen.said)
    assert said["📺"] == sum(seen.asked.values())
    assert {sign: count for sign, count in said.items() if sign != "📺"} == SAID.get(
        (scene, person), {}
    )
    assert list(dict.fromkeys(wishes)) == NEXT.get((scene, person), [])


def test_every_scene_is_played_or_skipped_for_a_reason() -> None:
    assert set(SKIPPED) <= set(scenes())
    for scene in scenes():
        entered = any(frame["event"] == "userlist" for frame in frames(scene))
        assert entered != (scene in SKIPPED), scene
    assert set(NEXT) | set(SAID) <= set(PLAYED)
