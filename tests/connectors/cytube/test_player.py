"""What plays and the list it comes from: what is told of them, and when."""

from typing import Any

import pytest

from rosey import subjects
from rosey.events import MediaEvent, PlaylistChange
from rosey.platform import Occurrence
from tests.connectors.cytube.captures import frames, session, sessions
from tests.connectors.cytube.test_room import BOB, Scene, item, playing


@pytest.fixture
def scene() -> Scene:
    return Scene()


def told(*occurrences: Occurrence) -> list[tuple[str, int | None]]:
    """Kinds of changes with what plays by them; media with their uids."""
    found: list[tuple[str, int | None]] = []
    for _, event in [each for occurrence in occurrences for each in occurrence.events]:
        if isinstance(event, PlaylistChange):
            found.append((event.kind, event.current))
        elif isinstance(event, MediaEvent):
            found.append(("media", event.uid))
    return found


def test_a_list_is_told_when_it_is_known_what_plays(scene: Scene) -> None:
    assert told(scene.take("playlist", [item(4, "a"), item(5, "b")])) == []
    change = scene.event("setCurrent", 5)
    assert [each.uid for each in change.items] == [4, 5]
    assert change.current == 5
    assert told(scene.take("setCurrent", 5)) == []
    assert told(scene.take("changeMedia", playing(3))) == [("media", 5)]


def test_an_empty_list_is_told_at_once(scene: Scene) -> None:
    assert told(scene.take("playlist", [])) == [("replaced", None)]
    scene.take("playlist", [item(4, "a")])
    scene.take("setCurrent", 4)
    scene.take("changeMedia", playing(0))
    assert told(scene.take("playlist", [])) == [("replaced", None), ("media", 4)]
    assert scene.room.player.current is None


def test_a_list_in_which_the_same_plays_is_told_at_once(scene: Scene) -> None:
    scene.take("playlist", [item(4, "a")])
    scene.take("setCurrent", 4)
    assert told(scene.take("playlist", [item(4, "a"), item(5, "b")])) == [("replaced", 4)]


@pytest.mark.parametrize(
    ("name", "payload", "then"),
    [
        ("queue", {"item": item(9, "z"), "after": "prepend"}, [("added", None)]),
        ("delete", {"uid": 4}, [("removed", None)]),
        ("mediaUpdate", {"currentTime": 3}, []),
        ("setPlaylistMeta", {"count": 2}, []),
        ("changeMedia", playing(3), [("media", None)]),
    ],
)
def test_a_list_is_told_at_the_latest_with_the_next_frame_about_it(
    scene: Scene, name: str, payload: Any, then: list[tuple[str, int | None]]
) -> None:
    scene.take("playlist", [item(4, "a"), item(5, "b")])
    late = scene.take(name, payload)
    assert told(late) == [("replaced", None), *then]
    first = late.events[0][1]
    assert isinstance(first, PlaylistChange)
    assert [each.uid for each in first.items] == [4, 5], "as it was before that frame"
    ids = [getattr(event, "id", "") for _, event in late.events]
    assert len(set(ids)) == len(ids)


def test_a_list_is_told_at_the_latest_when_we_are_in() -> None:
    fresh = Scene()
    fresh.room.entered = False
    fresh.take("playlist", [item(4, "a")])
    assert told(fresh.take("userlist", [BOB])) == [("replaced", None)]
    assert told(fresh.take("setCurrent", 4)) == []


def test_a_shuffle_is_told_with_the_new_uid_and_plays_on(scene: Scene) -> None:
    scene.take("playlist", [item(0, "a"), item(1, "abc")])
    scene.take("setCurrent", 1)
    scene.take("changeMedia", playing(5))
    shuffled = [
        scene.take("playlist", [item(2, "abc"), item(3, "a")]),
        scene.take("setCurrent", 2),
        scene.take("changeMedia", playing(5)),
    ]
    assert told(*shuffled) == [("replaced", 2)]
    assert told(scene.take("setPlaylistMeta", {"count": 0})) == [("media", 2)]


@pytest.mark.parametrize("seconds", [100, 0])
def test_the_same_media_as_another_item_is_a_change(scene: Scene, seconds: int) -> None:
    """A stream has no clock, so only its uid tells."""
    scene.take("playlist", [item(0, "abc"), item(1, "abc")])
    for uid in (0, 1):
        scene.take("setCurrent", uid)
        assert told(scene.take("changeMedia", playing(0, seconds=seconds))) == [("media", uid)]
        assert told(scene.take("changeMedia", playing(0, seconds=seconds))) == []


def test_what_is_known_of_the_list_is_in_the_state(scene: Scene) -> None:
    assert (scene.room.state().playlist, scene.room.state().current) == ([], None)
    assert scene.room.state().locked is None
    scene.take("playlist", [item(4, "a")])
    scene.take("setCurrent", 4)
    scene.take("setPlaylistLocked", False)
    state = scene.room.state()
    assert ([each.uid for each in state.playlist], state.current, state.locked) == ([4], 4, False)


def test_an_unlocked_list_asks_for_other_permissions(scene: Scene) -> None:
    scene.take("rank", 1)
    scene.take("setPermissions", {"playlistadd": 1.5, "oplaylistadd": -1, "oplaylistmove": 2})
    assert not scene.room.may("playlistadd"), "a list is locked unless it is said not to be"
    scene.take("setPlaylistLocked", False)
    assert scene.room.may("playlistadd")
    assert not scene.room.may("playlistmove")
    assert not scene.room.may("playlistclear")
    scene.take("setPlaylistLocked", True)
    assert not scene.room.may("playlistadd")


def test_the_recorded_lists_are_told_with_what_plays() -> None:
    replaced = [each for each in session("playlist_basic", "alice").playlist() if each.items]
    assert [(each.kind, each.current) for each in replaced if each.kind == "replaced"] == [
        ("replaced", 6)
    ]
    bob = [each for each in session("playlist_basic", "bob").playlist() if each.kind == "replaced"]
    assert {each.current for each in bob if each.items} == {6}


def test_every_recorded_entry_tells_the_list_once_it_is_sent() -> None:
    for scene in ("server_restart", "line_drops", "channel_unloads", "join_login_first"):
        for seat, found in sessions(scene).items():
            lists = [each for each in found.playlist() if each.kind == "replaced"]
            sent = [each for each in found.occurrences if each.name == "playlist"]
            assert len(lists) == len(sent) > 0, (scene, seat)
            for change in lists:
                known = {each.uid for each in change.items}
                assert change.current in known if known else change.current is None
    assert frames("server_restart")


def test_recorded_media_come_with_the_uid_that_was_said_before() -> None:
    for scene in ("playlist_basic", "media_end", "voteskip", "server_restart"):
        for found in sessions(scene).values():
            current = None
            for occurrence in found.occurrences:
                if occurrence.name == "setCurrent":
                    current = occurrence.payload
                for subject, event in occurrence.events:
                    if subject == subjects.MEDIA_CHANGE:
                        assert isinstance(event, MediaEvent)
                        assert event.uid == current is not None
