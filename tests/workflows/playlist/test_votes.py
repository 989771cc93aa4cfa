"""Votes to skip: who may, how many, and until when."""

import pytest

from tests.workflows.playlist.room import Desk

BY_VOTE = "⏭️ 3 votes: skipping d1."


def playing(users: tuple[str, ...] = ("alice", "bob", "carol", "dave"), **options: object) -> Desk:
    desk = Desk(users=users, **options)
    desk.add("dave", "d1", seconds=600)
    desk.start()
    return desk


def test_more_than_half_of_those_who_watch() -> None:
    desk = playing()
    assert desk.ask("vote", "alice") == "🗳️ 1 of 3 votes to skip."
    assert desk.ask("vote", "bob") == "🗳️ 2 of 3 votes to skip."
    assert desk.ask("vote", "carol") == BY_VOTE
    assert desk.room.playing
    assert desk.room.playing.skipped_by == "a vote"
    assert desk.ask("vote", "dave") == "It is being skipped already."
    assert [data["votes"] for data in desk.happened("skip_voted")] == [1, 2, 3]


def test_everybody_votes_once() -> None:
    desk = playing()
    desk.ask("vote", "alice")
    assert desk.ask("vote", "ALICE") == "You have voted already. 🗳️ 1 of 3 votes to skip."
    assert len(desk.happened("skip_voted")) == 1


def test_nothing_to_skip() -> None:
    assert Desk().ask("vote") == "Nothing is playing."


def test_a_vote_lapses() -> None:
    desk = playing()
    desk.ask("vote", "alice")
    desk.ask("vote", "bob")
    desk.later(299)
    assert desk.ask("vote", "alice").startswith("You have voted already.")
    desk.later(1)
    assert desk.ask("vote", "alice") == "🗳️ 1 of 3 votes to skip."


def test_votes_are_for_what_plays() -> None:
    desk = playing()
    desk.add("alice", "a1")
    desk.ask("vote", "alice")
    desk.start()
    assert desk.ask("vote", "alice") == "🗳️ 1 of 3 votes to skip."


def test_after_a_vote_people_wait() -> None:
    desk = playing()
    desk.add("alice", "a1")
    for user in ("alice", "bob", "carol"):
        desk.ask("vote", user)
    desk.start()
    desk.later(10)
    assert desk.ask("vote", "alice") == "A vote has just passed; vote again in 20 s."
    desk.later(20)
    assert desk.ask("vote", "alice") == "🗳️ 1 of 3 votes to skip."


def test_who_leaves_takes_his_vote_along() -> None:
    desk = playing(users=("alice", "bob", "carol", "dave", "erin", "frank"))
    desk.ask("vote", "alice")
    desk.user("leave", "alice")
    assert desk.ask("vote", "bob") == "🗳️ 1 of 3 votes to skip."


def test_who_is_away_from_his_keyboard_neither_counts_nor_votes() -> None:
    desk = playing()
    desk.ask("vote", "alice")
    desk.user("update", "alice", afk=True)
    desk.user("update", "bob", afk=True)
    assert desk.ask("vote", "carol") == "🗳️ 1 of 2 votes to skip."


@pytest.mark.parametrize("what", ["leave", "update"])
def test_a_vote_passes_when_fewer_are_there(what: str) -> None:
    desk = playing(users=("alice", "bob", "carol", "dave"))
    desk.ask("vote", "alice")
    desk.ask("vote", "bob")
    desk.user(what, "carol", afk=True)
    assert desk.said[-1] == "⏭️ 2 votes: skipping d1."
    desk.user("leave", "dave")
    assert desk.said[-1] == "⏭️ 2 votes: skipping d1."
    assert desk.said.count(desk.said[-1]) == 1
    assert len(desk.happened("skip_voted")) == 2


def test_rosey_does_not_watch() -> None:
    desk = playing(users=("alice",), vote_least=1)
    assert desk.ask("vote", "alice") == "⏭️ 1 vote: skipping d1."


def test_a_passed_vote_is_in_the_history() -> None:
    desk = playing()
    for user in ("alice", "bob", "carol"):
        desk.ask("vote", user)
    desk.later(100)
    desk.end()
    [ended] = desk.room.news.ended
    assert ended.skipped
    assert ended.watched == 100
    [event] = desk.happened("item_ended")
    assert (event["skipped"], event["watched"], event["by"]) == (True, 100, "a vote")


def test_where_nothing_can_be_skipped_votes_are_refused() -> None:
    desk = playing()
    desk.room.platform.cannot = {"skip": "no", "remove": "no"}
    told = "⚠️ I may not skip here (no); what is on has to be skipped in the room."
    assert desk.ask("vote", "alice") == told
    assert desk.ask("skip", rank=2) == told
    assert desk.room.playing
    assert not desk.room.playing.skipped_by
