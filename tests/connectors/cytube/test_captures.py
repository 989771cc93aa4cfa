"""What the recorded frames of a real server mean."""

import re

import pytest

from connectors.cytube.frames import refusal
from connectors.cytube.verdicts import kicked
from rosey import subjects
from rosey.events import User
from rosey.platform import Occurrence, Refusal, Verdict
from tests.connectors.cytube.captures import Session, frames, scenes, session, sessions


def refusals(found: Session) -> list[Refusal]:
    given = [refusal(each.name, each.payload) for each in found.occurrences]
    return [one for one in given if one is not None]


def named(found: Session, name: str) -> list[Occurrence]:
    return [each for each in found.occurrences if each.name == name]


@pytest.mark.parametrize("scene", scenes())
def test_every_recorded_frame_is_understood_and_can_be_passed_on(scene: str) -> None:
    for seat, found in sessions(scene).items():
        assert found.room.malformed == 0, seat
        assert found.room.entered == bool(named(found, "userlist")), seat
        for occurrence in found.occurrences:
            assert occurrence.model_dump_json()
        ids = [getattr(event, "id", "") for _, event in found.events()]
        assert len(set(ids)) == len(ids), seat


def test_the_room_password_goes_nowhere() -> None:
    everything = [
        each for found in sessions("channel_password").values() for each in found.occurrences
    ]
    options = [each.payload for each in everything if each.name == "channelOpts"]
    assert {payload["password"] for payload in options} == {True}
    assert not any("opensesame" in each.model_dump_json() for each in everything)


def test_login_first_knows_the_own_rank_at_the_entry() -> None:
    room = session("join_login_first", "Rosey").room
    assert (room.name, room.rank, room.entered) == ("Rosey", 3.0, True)
    assert [(user.name, user.rank) for user in room.people] == [("alice", 1.0), ("Rosey", 3.0)]
    assert room.may("chat")
    assert room.may("kick")
    assert not room.may("no such permission")


def test_join_first_gets_its_rank_in_steps() -> None:
    found = session("join_registered", "Rosey")
    assert [each.payload for each in named(found, "rank")] == [-1, 1, 3]
    assert found.room.rank == 3.0
    own = [(s, event.user.rank) for s, event in found.people() if event.user.name == "Rosey"]
    assert own == [(subjects.USER_JOIN, 1.0), (subjects.USER_UPDATE, 3.0)]


def test_a_guest_has_rank_zero() -> None:
    room = session("join_guest", "Visitor7").room
    assert room.rank == 0.0


def test_replayed_lines_are_backlog_with_the_ids_they_had() -> None:
    before, after = session("line_drops", "Rosey"), session("line_drops", "Rosey-back")
    assert [line.text for line in before.messages()] == ["before the drop"]
    assert after.messages() == []
    assert [line.text for line in after.room.entry().backlog] == [
        "before the drop",
        "while the bot was away",
    ]
    assert after.room.entry().backlog[0].id == before.messages()[0].id


def test_people_come_and_go() -> None:
    found = session("users_come_and_go", "moderator")
    told = [
        (subject.rpartition(".")[2], event.user.name, event.user.rank, event.user.afk)
        for subject, event in found.people()
        if event.user.name in ("alice", "bob")
    ]
    assert told == [
        ("join", "alice", 1.0, False),
        ("join", "bob", 1.0, False),
        ("update", "bob", 1.0, True),
        ("update", "bob", 1.0, False),
        ("update", "alice", 1.0, True),
        ("update", "bob", 1.0, True),
        ("update", "alice", 1.0, False),
        ("update", "bob", 2.0, True),
        ("update", "bob", 3.0, True),
        ("update", "bob", 1.0, True),
        ("leave", "bob", 1.0, True),
    ]
    assert found.room.user_count == 3


def test_a_rank_of_somebody_absent_is_no_event() -> None:
    found = session("users_come_and_go", "moderator")
    assert not any(event.user.name == "ghost9" for _, event in found.people())


def test_talk_is_as_typed_with_its_decorations() -> None:
    lines = {line.text: line for line in session("chat_several", "bob").messages()}
    assert lines["waves"].metadata == {"action": True}
    assert lines["> implying"].metadata == {"greentext": True}
    assert lines["the butler did it"].metadata == {"spoiler": True}
    assert lines["now hear this"].metadata == {"shout": True}
    assert lines["!roll 2d6"].metadata == {}
    assert lines["hello alice!"].own
    assert not lines["hi everyone"].own
    assert lines["with flair"].user == User(name="moderator", rank=2.0)
    assert not any("cleared chat" in text for text in lines)


def test_lines_arrive_as_they_were_typed() -> None:
    sent = [
        frame["data"]["msg"]
        for frame in frames("chat_markup")
        if (frame["seat"], frame["dir"], frame["event"]) == ("alice", "out", "chatMsg")
    ]
    typed = [re.sub("[\x00-\x1f]+", " ", line)[:320] for line in sent if line.strip()]
    assert [line.text for line in session("chat_markup", "bob").messages()] == typed


def test_shadow_muted_lines_are_raw_only_and_muted_ones_are_refused() -> None:
    owner, bob = session("mute", "owner"), session("mute", "bob")
    assert [line.text for line in owner.messages()] == ["free again"]
    assert "hello?" in [each.payload["msg"] for each in named(owner, "chatMsg")]
    assert refusals(bob) == [Refusal(reason="You have been muted on this channel.")]
    assert True in [event.user.muted for _, event in owner.people()]


def test_private_messages_are_seen_by_both_ends() -> None:
    alice = session("private_messages", "alice")
    first, answer = alice.messages()[:2]
    assert first.text == "hi bob, *secret* <plan> & https://example.com/x"
    assert (first.pm, first.own, first.metadata) == (True, True, {"to": "bob"})
    assert (answer.pm, answer.own, answer.user.name) == (True, False, "bob")
    said = refusals(alice)
    assert [one.reason for one in said[:3]] == [
        "You can't PM yourself!",
        "PM failed: nobody9 isn't connected to this channel.",
        "PM failed: two words isn't a valid username.",
    ]
    assert [one.retry_after for one in said] == [None] * 3 + [0.1] * 10


def test_flood_refusals_say_how_long() -> None:
    waits = {one.retry_after for found in sessions("flood").values() for one in refusals(found)}
    assert waits == {0.1, 1.0}


def test_new_accounts_are_refused_with_a_sentence() -> None:
    said = {one.reason for found in sessions("new_account").values() for one in refusals(found)}
    assert said == {
        "This account is too new to chat in this room.",
        "This account is too new to post links in this room.",
    }


def test_the_flood_guard_of_the_room_is_known() -> None:
    guards = [found.room.flood for found in sessions("flood").values()]
    assert guards[0] is not None
    assert (guards[0].burst, guards[0].sustained) == (4, 1)


def test_the_playlist_and_what_plays() -> None:
    found = session("playlist_basic", "alice")
    assert found.media() == [
        ("change", "Alpha"),
        ("change", "Charlie"),
        ("change", "Bravo"),
        ("change", "Charlie"),
        ("end", "Charlie"),
    ]
    kinds = [change.kind for change in found.playlist()]
    assert kinds[:3] == ["locked", "replaced", "replaced"]
    assert kinds[3:] == [
        *["added"] * 4,
        *["removed", "added"],
        *["moved"] * 3,
        *["changed", "removed", "removed", "added", "replaced", "replaced"],
    ]
    shuffled = found.playlist()[-2]
    assert sorted(item.media.title for item in shuffled.items) == ["Charlie", "Delta", "Echo"]
    assert found.room.player.items == []
    assert found.room.state().media is None


def test_the_list_follows_every_move() -> None:
    found = session("playlist_basic", "alice")
    changed = next(change for change in found.playlist() if change.kind == "changed")
    assert (changed.items[0].media.title, changed.items[0].temp) == ("Delta", True)
    moves = [(change.uid, change.after) for change in found.playlist() if change.kind == "moved"]
    assert moves == [(1, "prepend"), (1, 0), (1, "append")]


def test_the_last_temporary_item_ends_and_permanent_ones_go_round() -> None:
    assert session("media_end", "alice").media() == [
        ("change", "Five A"),
        ("change", "Five B"),
        ("end", "Five B"),
        ("change", "Three C"),
        ("change", "Three D"),
        ("change", "Three C"),
        ("change", "Twitch.tv - somechannel"),
    ]


def test_without_the_right_to_see_the_list_the_media_is_still_known() -> None:
    for found in sessions("options_permissions").values():
        titles = [title for kind, title in found.media() if kind == "change"]
        assert len(titles) == len(named(found, "changeMedia"))


def test_a_latecomer_learns_what_plays() -> None:
    bob = session("playlist_basic", "bob")
    assert bob.media()[0] == ("change", "Charlie")
    assert len(named(bob, "setCurrent")) >= 2


def test_the_leader_has_rank_one_and_a_half_for_a_while() -> None:
    found = session("leader", "alice")
    ranks = [each.payload for each in named(found, "rank")]
    assert 1.5 in ranks
    assert found.room.leader == ""
    assert found.room.rank == 1


def test_a_duplicate_login_is_told_apart_from_a_kick() -> None:
    old = session("duplicate_login", "Rosey")
    reason = named(old, "kick")[0].payload["reason"]
    assert kicked("lounge", reason).verdict is Verdict.ELSEWHERE
    watched = session("duplicate_login", "moderator").people()
    rosey = [s.rpartition(".")[2] for s, event in watched if event.user.name == "Rosey"]
    assert rosey == ["join", "update", "leave", "join", "update", "leave", "join"]


@pytest.mark.parametrize(
    ("scene", "verdicts"),
    [
        ("ban", {Verdict.STOP}),
        ("kick", {Verdict.RETRY}),
        ("server_limits", {Verdict.RETRY}),
        ("unregistered_channel", {Verdict.STOP}),
    ],
)
def test_kicks_say_whether_to_come_back(scene: str, verdicts: set[Verdict]) -> None:
    kicks = [each for found in sessions(scene).values() for each in named(found, "kick")]
    assert kicks
    assert {kicked("lounge", each.payload.get("reason", "")).verdict for each in kicks} == verdicts
