"""What comes back when the server or Rosey has crashed, and what is said of it."""

import pytest

from rosey.durable import Order
from tests.workflows.playlist.scenes import (
    add,
    agreed,
    crash,
    made,
    names,
    playing,
    standing,
    waiting,
)
from workflows.playlist import moves


def test_what_a_crash_of_the_server_lost_is_put_back() -> None:
    there = standing(restore="always")
    crash(there, keep=1)
    assert playing(there) == "a1"
    assert waiting(there) == ["b1", "c1", "d1"]
    assert there.said == ["♻️ The room lost 2 items; I put them back."]
    assert names(there) == []


def test_what_was_playing_is_put_back_too() -> None:
    there = standing(restore="always")
    crash(there, keep=0)
    assert playing(there) == "a1"
    assert waiting(there) == ["b1", "c1", "d1"]
    assert there.said == ["♻️ The room lost 3 items; I put them back."]


def test_only_what_was_playing_is_lost() -> None:
    there = made(restore="ask")
    there.join()
    add(there, "alice", "a1")
    there.settle()
    crash(there, keep=0)
    assert there.room.playing is None
    assert [entry.media_id for entry in there.room.held] == ["a1"]
    assert there.said[-1] == (
        "♻️ The room lost 1 item of the queue. A moderator can put it back with "
        "!playlist restore, or let it go with !playlist forget."
    )


def test_an_older_save_is_not_the_list_that_was_known() -> None:
    there = standing(restore="always")
    there.save()
    there.end()
    there.settle()
    assert playing(there) == "b1"
    add(there, "erin", "e1")
    there.settle()
    there.restart(saved=True)
    there.join()
    there.settle()
    agreed(there)
    assert playing(there) == "a1"
    assert waiting(there) == ["b1", "c1", "d1", "e1"]
    assert [entry.added_by for entry in there.room.queue] == ["bob", "carol", "dave", "erin"]


def test_a_vote_is_not_for_what_is_put_back() -> None:
    there = standing(restore="always")
    there.note(moves.vote(there.room, Order(user="bob", sent_at=there.now), there.now))
    assert there.room.votes.cast
    crash(there, keep=0)
    assert not there.room.votes.cast


def test_what_was_being_skipped_is_not_put_back() -> None:
    there = standing(restore="always")
    there.note(moves.skip(there.room, Order()))
    crash(there, keep=0)
    assert playing(there) == "b1"
    assert waiting(there) == ["c1", "d1"]


def test_a_moderator_is_asked() -> None:
    there = standing(restore="ask")
    crash(there, keep=1)
    assert waiting(there) == ["d1"]
    assert there.said == [
        "♻️ The room lost 2 items of the queue. A moderator can put them back with "
        "!playlist restore, or let them go with !playlist forget."
    ]
    there.note(moves.restore(there.room, Order()))
    there.settle()
    agreed(there)
    assert waiting(there) == ["b1", "c1", "d1"]
    assert names(there) == []


def test_a_moderator_lets_go() -> None:
    there = standing(restore="ask")
    crash(there, keep=0)
    there.note(moves.forget(there.room, Order()))
    there.settle()
    agreed(there)
    assert playing(there) == "d1"
    assert names(there).count("item_removed") == 3


def test_what_is_lost_stays_lost() -> None:
    there = standing(restore="never")
    crash(there, keep=1)
    assert waiting(there) == ["d1"]
    assert there.said == ["The room lost 2 items of the queue, and they are not put back here."]
    assert names(there) == ["item_removed", "item_removed"]


@pytest.mark.parametrize("restore", ["always", "ask"])
def test_after_a_restart_of_rosey_the_room_hears_what_came_back(restore: str) -> None:
    there = standing(restore=restore)
    there.join(first=True)
    there.settle()
    agreed(there)
    assert there.said == ["♻️ Recovered 3 items."]
    assert names(there) == []
    there.join()
    there.settle()
    assert len(there.said) == 1


def test_after_a_restart_of_rosey_the_queue_may_start_empty() -> None:
    there = standing(restore="never")
    there.join(first=True)
    there.settle()
    assert there.said == ["The queue starts empty: 3 items from before are not restored here."]
    assert waiting(there) == []
    assert [item.media.id for item in there.items] == ["a1"]
    assert names(there) == ["item_removed"] * 3


def test_both_crash_at_once() -> None:
    there = standing(restore="always")
    crash(there, keep=1, first=True)
    assert there.said == [
        "♻️ The room lost 2 items; I put them back.",
        "♻️ Recovered 3 items.",
    ]
    assert waiting(there) == ["b1", "c1", "d1"]


def test_a_first_start_is_no_recovery() -> None:
    there = made()
    there.join(first=True)
    there.settle()
    assert there.said == []
