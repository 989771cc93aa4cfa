"""What happened while Rosey was not in the room."""

from datetime import timedelta

from rosey.durable import Order
from tests.workflows.playlist.scenes import (
    add,
    agreed,
    made,
    names,
    playing,
    standing,
    waiting,
)
from workflows.playlist import moves


def test_what_had_time_to_play_has_played() -> None:
    there = standing()
    there.leave()
    there.settle()
    there.end()
    there.end()
    there.join()
    there.settle()
    agreed(there)
    assert playing(there) == "c1"
    ended = [(each.item.media_id, each.watched, each.skipped) for each in there.room.news.ended]
    assert ended == [("a1", 60, False), ("b1", 60, False)]
    told = [(name, data["item"]["media_id"]) for name, data in there.happened]
    assert told == [
        ("item_ended", "a1"),
        ("item_started", "b1"),
        ("item_ended", "b1"),
        ("item_started", "c1"),
    ]


def test_what_played_unseen_counts_for_turns() -> None:
    there = made()
    there.join()
    for media in ("a1", "a2", "a3", "b1"):
        add(there, {"a": "alice", "b": "bob"}[media[0]], media)
    there.settle()
    there.leave()
    there.settle()
    for _ in range(3):
        there.end()
    there.join()
    there.settle()
    assert playing(there) == "a3"
    assert there.room.turns.now == 2


def test_what_had_no_time_was_taken_away() -> None:
    there = standing()
    there.end()
    there.settle()
    there.leave()
    there.settle()
    there.happened.clear()
    there.delete(next(item.uid for item in there.items if item.media.id == "c1"))
    there.join()
    there.settle()
    agreed(there)
    assert playing(there) == "b1"
    assert waiting(there) == ["d1"]
    assert [(name, data["item"]["media_id"]) for name, data in there.happened] == [
        ("item_removed", "c1")
    ]


def test_coming_back_to_the_same_item_is_no_new_start() -> None:
    there = standing()
    there.now += timedelta(seconds=40)
    there.join()
    there.settle()
    assert names(there) == []
    there.now -= timedelta(seconds=40)
    there.end()
    there.settle()
    assert there.room.news.ended[0].watched == 60


def test_something_live_goes_on_after_a_lost_connection() -> None:
    there = made()
    there.join()
    there.queue("alice", "live", seconds=0)
    there.settle()
    there.now += timedelta(minutes=10)
    there.join()
    there.settle()
    assert names(there) == ["item_added", "item_started"]
    there.now += timedelta(minutes=10)
    there.next()
    there.settle()
    assert there.room.news.ended[0].watched == 1200


def test_a_skip_survives_a_lost_connection() -> None:
    there = standing()
    there.now += timedelta(seconds=20)
    there.note(moves.skip(there.room, Order(user="mod")))
    there.plan()
    there.join()
    there.settle()
    agreed(there)
    assert playing(there) == "b1"
    assert names(there) == ["item_ended", "item_started"]
    [ended] = there.room.news.ended
    assert (ended.watched, ended.skipped) == (20, True)
