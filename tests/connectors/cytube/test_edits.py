"""What changes of the playlist became of, read from the recorded frames of a real server."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from connectors.cytube.edits import (
    LOOK_UP_SECONDS,
    SECONDS,
    Done,
    Request,
    Verdict,
    missing_permission,
    request_of,
)
from connectors.cytube.room import Room
from rosey.contracts.playlist import Edit
from rosey.events import utc
from rosey.platform import Occurrence
from tests.connectors.cytube.captures import frames

KINDS = {
    "delete": "remove",
    "moveMedia": "move",
    "jumpTo": "jump",
    "playNext": "skip",
    "clearPlaylist": "clear",
    "shufflePlaylist": "shuffle",
    "togglePlaylistLock": "lock",
}


@dataclass
class Asked:
    """A request that somebody made, as we would have made it, and what it came to."""

    edit: Edit
    missing: str | None
    request: Request | None = None
    verdict: Verdict = None

    @property
    def outcome(self) -> str:
        """The title of what was added, `done`, `silence`, or why not."""
        if isinstance(self.verdict, Done):
            return self.verdict.item.media.title if self.verdict.item else "done"
        return "silence" if self.verdict is None else str(self.verdict)


def edit_of(event: str, payload: Any) -> Edit | None:
    """The change that a recorded request is; None for what we never ask for."""
    if event == "queue" and payload.get("pos") in ("end", "next") and "type" in payload:
        return Edit(
            kind="add",
            type=payload["type"],
            media_id=payload["id"],
            title=payload.get("title", ""),
            seconds=payload.get("duration") or 0,
            at=payload["pos"],
        )
    if event == "moveMedia" and isinstance(payload["from"], int) and payload["after"] != "append":
        after = None if payload["after"] == "prepend" else payload["after"]
        return Edit(kind="move", uid=payload["from"], after=after)
    if event in ("delete", "jumpTo") and isinstance(payload, int):
        return Edit.model_validate({"kind": KINDS[event], "uid": payload})
    if event in KINDS and payload is None:
        return Edit.model_validate({"kind": KINDS[event]})
    return None


@dataclass
class Seat:
    room: Room
    asked: list[Asked] = field(default_factory=list)

    def ask(self, edit: Edit) -> None:
        asked = Asked(edit, missing_permission(edit, self.room))
        try:
            asked.request = request_of(edit, self.room)
        except (LookupError, PermissionError) as problem:
            asked.verdict = problem
        self.asked.append(asked)

    def hear(self, occurrence: Occurrence) -> None:
        for each in self.asked:
            if each.request and each.verdict is None:
                each.verdict = each.request.verdict(occurrence)


def requests(scene: str, who: str) -> list[Asked]:
    """What `who` asked for in a scene, in order."""
    seat = Seat(Room("cytube/lounge", who, 0))
    for frame in frames(scene):
        if frame["seat"] != who:
            continue
        event, payload = frame["event"], frame.get("data")
        if frame["dir"] == "out" and (edit := edit_of(event, payload)):
            seat.ask(edit)
        elif frame["dir"] == "in" and event not in ("connect", "disconnect"):
            seat.hear(seat.room.take(event, payload, utc(frame["ts"])))
    return seat.asked


def outcomes(scene: str, who: str) -> list[str]:
    return [asked.outcome for asked in requests(scene, who)]


def test_additions_as_they_were_answered() -> None:
    assert outcomes("playlist_basic", "owner") == [
        "Alpha",
        "Bravo",
        "Delta",
        "This item is already on the playlist",
        "Charlie",
        "Echo",
        "done",
    ]
    added = [asked.verdict for asked in requests("playlist_basic", "owner")]
    items = [each.item for each in added if isinstance(each, Done) and each.item]
    assert [item.uid for item in items] == [0, 1, 3, 4, 5]


def test_other_changes_as_they_were_answered() -> None:
    found = requests("playlist_basic", "moderator")
    assert [(asked.edit.kind, asked.outcome) for asked in found] == [
        ("add", "Charlie"),
        ("skip", "done"),
        ("jump", "done"),
        ("move", "done"),
        ("move", "done"),
        ("remove", "done"),
        ("remove", "done"),
        ("remove", "It is not on the playlist any more."),
        ("shuffle", "done"),
    ]
    assert not any(asked.missing for asked in found)
    # Each was carried out with the very frame that was sent then.
    sent = [(asked.request.event, asked.request.payload) for asked in found if asked.request]
    assert sent[1:7] == [
        ("playNext", None),
        ("jumpTo", 1),
        ("moveMedia", {"from": 1, "after": "prepend"}),
        ("moveMedia", {"from": 1, "after": 0}),
        ("delete", 0),
        ("delete", 1),
    ]


def test_every_type_as_it_was_answered() -> None:
    found = {
        f"{a.edit.type}:{a.edit.media_id}": a.outcome for a in requests("media_types", "owner")
    }
    refusals = [frame for frame in frames("media_types") if frame["event"] == "queueFail"]
    asked = [each for each in requests("media_types", "owner") if each.request]
    done = [each for each in asked if isinstance(each.verdict, Done)]
    # One of the refusals was of a playlist, which we do not ask for.
    assert len(done) == len(asked) - (len(refusals) - 1) > 10
    assert "silence" not in found.values()
    assert found["fi:https://127.0.0.1:8444/raw/untitled-12.mp3"] == "My own title"
    assert found['cu:<iframe src="https://example.com/embed/1"></iframe>'] == "Embed with a title"
    assert found['cu:<iframe src="https://example.com/embed/2"></iframe>'] == "Custom Media"
    assert found["tw:somechannel"] == "Twitch.tv - somechannel"
    assert found["yt:blocked0001"] == "Stub video blocked0001"
    assert found["cm:not a url"] == 'Invalid URL "not a url"'
    assert found["cu:https://example.com"] == "Invalid embed.  Input must be an <iframe> tag"
    assert found["fi:https://127.0.0.1:8444/raw/nope.mp4"].endswith("could not be found (404).")
    assert "one by one" in found["yp:PLstub3"]


def test_what_is_sent_for_each_type() -> None:
    found = {
        asked.edit.media_id: asked.request
        for asked in requests("media_types", "owner")
        if asked.request
    }
    recorded = [
        frame["data"]
        for frame in frames("media_types")
        if frame["dir"] == "out" and frame["event"] == "queue" and frame["data"]["type"] != "yp"
    ]
    assert [found[each["id"]].payload for each in recorded] == recorded
    assert {request.seconds for request in found.values()} == {LOOK_UP_SECONDS}
    assert LOOK_UP_SECONDS > 20 > SECONDS


def test_title_and_length_are_sent_as_they_will_be_shown() -> None:
    room = Room("cytube/lounge", "Rosey", 0)
    for kind in ("yt", "fi", "cu"):
        edit = Edit(kind="add", type=kind, media_id="a", title=" " + "x" * 200, seconds=9)
        request = request_of(edit, room)
        assert request
        assert request.payload["title"] == "x" * 100
        assert request.payload["duration"] == 9


def test_without_permission_there_is_silence_and_we_know_why() -> None:
    found = requests("playlist_no_permission", "alice")
    # Locked first, then unlocked; nothing was deleted, so its uids were there.
    assert [(asked.edit.kind, asked.missing, asked.outcome) for asked in found[:7]] == [
        ("add", "playlistadd", "Stub video sec00030abc"),  # the answer to her later request
        ("skip", "playlistjump", "silence"),
        ("jump", "playlistjump", "It is not on the playlist any more."),
        ("remove", "playlistdelete", "silence"),
        ("shuffle", "playlistshuffle", "silence"),
        ("clear", "playlistclear", "silence"),
        ("lock", "playlistlock", "done"),  # by the moderator
    ]
    assert [(asked.missing, asked.outcome) for asked in found[7:]] == [
        (None, "Stub video sec00030abc"),
        (None, "silence"),  # she asked for a place next; we ask for the end instead
        (None, "You don't have permission to add raw video files"),
        (None, "You don't have permission to add live media"),
        (None, "You don't have permission to add live media"),
        (None, "A playlist is not one item; its videos have to be added one by one."),
    ]
    moderator = requests("playlist_no_permission", "moderator")
    assert [asked.missing for asked in moderator] == [None, None, None, None]
    assert [asked.request and asked.request.payload["pos"] for asked in found[7:9]] == [
        "end",
        "end",
    ]


def test_limits_are_refusals_with_their_reason() -> None:
    assert outcomes("queue_limits", "Rosey") == [
        *(f"Stub video sec0010{n}bot" for n in range(10)),
        *["You are adding videos too quickly"] * 4,
        "Stub video sec00102zzz",
    ]
    assert outcomes("queue_limits", "alice")[-2:] == [
        "Channel limit exceeded: maximum number of videos per user",
        "Video exceeds the maximum length set by the channel admin: 100 seconds",
    ]


@pytest.mark.parametrize(
    ("scene", "who", "told"),
    [
        ("media_end", "owner", ["Five A", "Five B", "Three C", "Three D"]),
        ("leader", "owner", ["Leader film", "Second film"]),
        ("server_restart", "owner", ["Uid zero", "Long film", "Other film", "done"]),
        ("voteskip", "owner", ["Boring film", "Better film"]),
        ("not_logged_in", "anonymous", ["silence"]),
    ],
)
def test_in_other_scenes_too(scene: str, who: str, told: list[str]) -> None:
    assert outcomes(scene, who)[: len(told)] == told


def test_a_skip_is_confirmed_by_what_comes_next() -> None:
    *_, skip = requests("media_end", "owner")
    assert (skip.edit.kind, skip.outcome) == ("skip", "done")


def test_a_frame_that_the_server_could_not_read_is_a_refusal() -> None:
    room = Room("cytube/lounge", "Rosey", 0)
    request = request_of(Edit(kind="add", type="yt", media_id="x"), room)
    assert request
    for event, refused in (("queue", True), ("moveMedia", False)):
        message = {"msg": f"Unexpected error for message {event}: no"}
        occurrence = room.take("errorMsg", message, utc(0))
        assert isinstance(request.verdict(occurrence), PermissionError) is refused


@pytest.mark.parametrize("payload", [None, "no", {}, {"msg": 7, "id": "x"}, {"id": "x"}])
def test_odd_refusals(payload: Any) -> None:
    room = Room("cytube/lounge", "Rosey", 0)
    request = request_of(Edit(kind="add", type="yt", media_id="x"), room)
    assert request
    verdict = request.verdict(room.take("queueFail", payload, utc(0)))
    assert isinstance(verdict, PermissionError) is isinstance(payload, dict)
    other = room.take("queueFail", {"msg": "no", "id": "y"}, utc(0))
    assert request.verdict(other) is None


def test_what_a_new_list_has_no_more_is_gone() -> None:
    """The server says nothing to a request about a uid that a shuffle has ended."""
    room = Room("cytube/lounge", "Rosey", 0)
    media = {"id": "x", "type": "yt", "title": "X", "seconds": 9}
    for kind in ("remove", "move", "jump"):
        room.take("playlist", [{"media": media, "uid": 1}], utc(0))
        request = request_of(Edit.model_validate({"kind": kind, "uid": 1}), room)
        assert request
        same = room.take("playlist", [{"media": media, "uid": 1}], utc(0))
        assert request.verdict(same) is None
        shuffled = room.take("playlist", [{"media": media, "uid": 2}], utc(0))
        assert isinstance(request.verdict(shuffled), LookupError)


def test_somebody_elses_addition_of_the_same_is_not_ours() -> None:
    room = Room("cytube/lounge", "Rosey", 0)
    request = request_of(Edit(kind="add", type="yt", media_id="x"), room)
    assert request
    media = {"id": "x", "type": "yt", "title": "X", "seconds": 9}
    for who, ours in (("bob", False), ("rosey", True)):
        item = {"media": media, "uid": 1, "queueby": who}
        queued = room.take("queue", {"item": item, "after": "prepend"}, utc(0))
        assert isinstance(request.verdict(queued), Done) is ours
