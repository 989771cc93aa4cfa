"""The reducer: what frames do to the room, and that none can break it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.cytube.frames import FAMILIES, SHAPES, UNREADABLE, Shape, refusal
from connectors.cytube.room import Room
from connectors.cytube.wire import sound
from rosey import subjects
from rosey.events import MediaEvent, Message, PlaylistChange, User, UserEvent
from rosey.platform import Occurrence

NOW = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
BOB = {"name": "Bob", "rank": 1, "profile": {}, "meta": {"afk": False, "muted": False}}
FILM = {"id": "abc", "title": "Film", "seconds": 100, "type": "yt", "duration": "01:40"}


def line(text: str, user: str = "bob", time: float = 1_795_233_077_491, **meta: Any) -> Any:
    return {"username": user, "msg": text, "meta": meta, "time": time}


def playing(position: float, paused: bool = False, **film: Any) -> Any:
    return {**FILM, **film, "currentTime": position, "paused": paused}


def item(uid: int, name: str) -> Any:
    return {"media": {**FILM, "id": name, "title": name}, "uid": uid, "temp": True, "queueby": "b"}


class Scene:
    """A room with Bob in it and a clock."""

    def __init__(self) -> None:
        self.room = Room("cytube/lounge", "Rosey", 1)
        self.now = NOW
        self.take("userlist", [BOB])

    def take(self, name: str, payload: Any = None) -> Occurrence:
        return self.room.take(name, payload, self.now)

    def event(self, name: str, payload: Any = None) -> Any:
        [(_, event)] = self.take(name, payload).events
        return event

    def titles(self) -> list[str]:
        return [entry.media.title for entry in self.room.player.items]


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_line_becomes_a_message(scene: Scene) -> None:
    occurrence = scene.take("chatMsg", line("<em>hi</em> &amp; bye"))
    [(subject, message)] = occurrence.events
    assert isinstance(message, Message)
    assert (occurrence.family, subject) == ("chat", subjects.MESSAGE)
    assert (message.text, message.channel) == ("_hi_ & bye", "cytube/lounge")
    assert message.user == User(name="Bob", rank=1)
    assert message.sent_at == datetime(2026, 11, 21, 3, 51, 17, 491000, UTC)


def test_equal_lines_of_one_millisecond_have_different_ids(scene: Scene) -> None:
    ids = [scene.event("chatMsg", line("again")).id for _ in range(3)]
    assert len(set(ids)) == 3
    other = Scene()
    assert [other.event("chatMsg", line("again")).id for _ in range(3)] == ids


def test_a_private_line_between_does_not_change_the_id_of_a_public_one(scene: Scene) -> None:
    private = scene.event("pm", {**line("same"), "to": "Rosey"})
    public = scene.event("chatMsg", line("same"))
    assert public.id == Scene().event("chatMsg", line("same")).id
    assert private.id != public.id


def test_the_memory_for_equal_lines_is_bounded(scene: Scene) -> None:
    first = scene.event("chatMsg", line("zero", time=0)).id
    for number in range(1, 500):
        scene.take("chatMsg", line("filler", time=number))
    assert scene.event("chatMsg", line("zero", time=0)).id == first


def test_own_lines_are_known_without_regard_to_case(scene: Scene) -> None:
    assert scene.event("chatMsg", line("me", user="ROSEY")).own


@pytest.mark.parametrize("name", ["[server]", "[voteskip]"])
def test_lines_of_the_server_are_raw_only(scene: Scene, name: str) -> None:
    assert scene.take("chatMsg", line("passed", user=name)).events == []


def test_backlog_takes_ranks_from_the_user_list() -> None:
    room = Room("cytube/lounge", "Rosey", 1)
    assert room.take("chatMsg", line("early"), NOW).events == []
    room.take("userlist", [{**BOB, "rank": 2}], NOW)
    [message] = room.entry().backlog
    assert (message.text, message.user.rank) == ("early", 2.0)


def test_a_line_cut_in_the_middle_of_an_emoji_can_be_published(scene: Scene) -> None:
    occurrence = scene.take("chatMsg", json.loads('{"username":"bob","msg":"\\ud83d","time":1}'))
    assert occurrence.model_dump_json()
    [(_, message)] = occurrence.events
    assert isinstance(message, Message)
    assert message.text == "\ufffd"


def test_later_user_lists_tell_what_changed(scene: Scene) -> None:
    occurrence = scene.take("userlist", [{**BOB, "name": "Eve"}])
    told = [(s, event.user.name) for s, event in occurrence.events if isinstance(event, UserEvent)]
    assert told == [(subjects.USER_LEAVE, "Bob"), (subjects.USER_JOIN, "Eve")]
    assert len({event.id for _, event in occurrence.events if isinstance(event, UserEvent)}) == 2


def test_repeats_about_people_are_no_events(scene: Scene) -> None:
    assert scene.take("addUser", BOB).events == []
    assert scene.take("setAFK", {"name": "BOB", "afk": True}).events != []
    assert scene.take("setUserMeta", {"name": "bob", "meta": {"afk": True}}).events == []
    assert scene.take("userLeave", {"name": "nobody"}).events == []


def test_state_is_a_snapshot(scene: Scene) -> None:
    for name, payload in (
        ("rank", 2),
        ("setMotd", "<b>hi</b>"),
        ("setPermissions", {"chat": 0, "kick": 1.5}),
        ("usercount", 7),
        ("setLeader", "Bob"),
        ("changeMedia", playing(12.5)),
    ):
        scene.take(name, payload)
    state = scene.room.state()
    assert (state.rank, state.motd, state.user_count) == (2.0, "<b>hi</b>", 7)
    assert state.permissions == {"chat": 0, "kick": 1.5}
    assert state.users == [{"name": "Bob", "rank": 1.0, "afk": False, "muted": False}]
    assert state.media
    assert (state.media["title"], state.media["paused"], state.position) == ("Film", False, 12.5)
    assert state.media_at == NOW.isoformat()
    assert scene.room.leader == "Bob"


def test_media_that_is_told_again_has_not_changed(scene: Scene) -> None:
    assert scene.event("changeMedia", playing(-3, paused=True)).position == -3
    scene.take("mediaUpdate", {"currentTime": 0, "paused": False})
    scene.now += timedelta(seconds=30)
    assert scene.take("changeMedia", playing(30.2)).events == []


def test_the_same_media_from_the_beginning_has_changed(scene: Scene) -> None:
    scene.take("changeMedia", playing(0))
    scene.now += timedelta(seconds=105)
    assert isinstance(scene.event("changeMedia", playing(-3, paused=True)), MediaEvent)


def test_live_media_told_again_has_not_changed(scene: Scene) -> None:
    scene.take("changeMedia", playing(0, seconds=0))
    scene.now += timedelta(hours=1)
    assert scene.take("changeMedia", playing(0, seconds=0)).events == []


def test_an_empty_list_ends_the_media_once(scene: Scene) -> None:
    scene.take("changeMedia", playing(0))
    occurrence = scene.take("playlist", [])
    assert [subject for subject, _ in occurrence.events] == [
        subjects.PLAYLIST_CHANGE,
        subjects.MEDIA_END,
    ]
    assert scene.take("setPlaylistMeta", {"count": 0}).events == []
    assert scene.event("changeMedia", playing(0)).media.title == "Film"


def test_the_list_is_kept_as_the_frames_say(scene: Scene) -> None:
    scene.take("playlist", [item(0, "a"), item(1, "b")])
    scene.take("queue", {"item": item(2, "c"), "after": 0})
    scene.take("queue", {"item": item(3, "d"), "after": "prepend"})
    assert scene.titles() == ["d", "a", "c", "b"]
    scene.take("moveVideo", {"from": 0, "after": "append"})
    scene.take("moveVideo", {"from": 1, "after": "prepend"})
    assert scene.titles() == ["b", "d", "c", "a"]
    scene.take("delete", {"uid": 2})
    assert scene.titles() == ["b", "d", "a"]
    changed = scene.event("setTemp", {"uid": 0, "temp": False})
    assert (changed.kind, changed.items[0].temp) == ("changed", False)


def test_what_concerns_unknown_items_is_passed_on(scene: Scene) -> None:
    assert scene.event("moveVideo", {"from": 9, "after": 8}).kind == "moved"
    assert scene.event("delete", {"uid": 9}).uid == 9
    assert scene.take("setTemp", {"uid": 9, "temp": True}).events == []


def test_the_lock_is_told_when_it_changes(scene: Scene) -> None:
    assert scene.event("setPlaylistLocked", True).locked is True
    assert scene.take("setPlaylistLocked", True).events == []
    change = scene.event("setPlaylistLocked", False)
    assert isinstance(change, PlaylistChange)
    assert change.locked is False


def test_the_channel_password_is_not_passed_on_even_from_a_broken_frame(scene: Scene) -> None:
    occurrence = scene.take("channelOpts", {"password": "secret", "chat_antiflood": "yes"})
    assert occurrence.family == "error"
    assert "secret" not in occurrence.model_dump_json()


def test_a_malformed_frame_is_counted_and_explained(scene: Scene) -> None:
    occurrence = scene.take("chatMsg", {"username": "bob", "time": 1})
    assert (occurrence.family, occurrence.name, occurrence.events) == ("error", "chatMsg", [])
    assert occurrence.payload["reason"] == "msg: Field required"
    assert occurrence.payload["frame"] == {"username": "bob", "time": 1}
    assert scene.take("rank", "two").payload["reason"] == "Input should be a valid number"
    assert scene.take(UNREADABLE, "2{").family == "error"
    assert scene.room.malformed == 3


def test_unknown_frames_are_state(scene: Scene) -> None:
    occurrence = scene.take("sparkle", {"a": 1})
    assert (occurrence.family, occurrence.payload, occurrence.events) == ("state", {"a": 1}, [])
    assert scene.room.take(7, None, NOW).name == "7"
    assert scene.room.malformed == 0


def test_every_shape_has_a_family() -> None:
    assert set(SHAPES) <= set(FAMILIES)


def test_deep_nesting_is_cut() -> None:
    deep: Any = "bottom"
    for _ in range(500):
        deep = [deep]
    assert "bottom" not in json.dumps(sound(deep))
    assert sound({"a": [b"bytes", float("nan"), 10**400, 1.5, (1, 2)]}) == {
        "a": [None, None, None, 1.5, [1, 2]]
    }


FIELDS = sorted(
    {
        field.alias or name
        for shape in Shape.__subclasses__()
        for name, field in shape.model_fields.items()
    }
    | {"addClass", "shadow", "action", "reason", "paused"}
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**30, -(10**400), 2**63, 0, 1])
    | st.floats()
    | st.text(st.characters(exclude_categories=[]), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(FIELDS) | st.text(max_size=3),
            inner,
            max_size=6,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(FAMILIES)) | st.text(max_size=5), JSON)))
def test_no_frame_breaks_the_room(frames: list[tuple[str, Any]]) -> None:
    scene = Scene()
    for name, payload in frames:
        occurrence = scene.take(name, payload)
        assert json.loads(occurrence.model_dump_json())["family"] == occurrence.family
        refusal(occurrence.name, occurrence.payload)
    assert scene.room.state().model_dump_json()


VALID: dict[str, Any] = {
    "chatMsg": line("hi"),
    "pm": {**line("hi"), "to": "Rosey"},
    "userlist": [BOB],
    "addUser": BOB,
    "setUserRank": {"name": "Bob", "rank": 2},
    "changeMedia": playing(0),
    "queue": {"item": item(1, "a"), "after": "prepend"},
    "playlist": [item(1, "a")],
    "moveVideo": {"from": 1, "after": "append"},
    "channelOpts": {"chat_antiflood": True, "chat_antiflood_params": {"burst": 4, "sustained": 1}},
}


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(VALID)), st.data())
def test_no_field_of_a_frame_breaks_the_room(name: str, data: st.DataObject) -> None:
    payload = json.loads(json.dumps(VALID[name]))
    record = payload[0] if isinstance(payload, list) else payload
    key = data.draw(st.sampled_from(sorted(record)))
    record[key] = data.draw(JSON)
    scene = Scene()
    assert scene.take(name, payload).model_dump_json()
    assert scene.take("chatMsg", line("still here")).events
    assert scene.room.state().model_dump_json()
