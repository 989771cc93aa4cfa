"""What people do to the list in the room itself, and whose things are whose."""

from datetime import timedelta

from rosey.durable import Order
from rosey.events import PlaylistChange
from tests.workflows.playlist.platform import CHANNEL, ROSEY, FakeList
from tests.workflows.playlist.scenes import (
    add,
    agreed,
    crash,
    heard_of,
    made,
    names,
    playing,
    standing,
    waiting,
)
from workflows.playlist import moves, reports


def test_a_cleared_list() -> None:
    there = standing()
    there.clear()
    there.settle()
    agreed(there)
    assert there.said == [
        "🧹 The room's list was cleared: 2 items gone. 1 more in the queue; !clear takes out all."
    ]
    assert playing(there) == "d1"
    assert names(there).count("item_removed") == 2
    assert [each.item.media_id for each in there.room.news.ended] == ["a1"]


def test_a_list_that_is_locked_and_unlocked() -> None:
    there = made()
    there.join()
    there.settle()
    there.denied = {"add"}
    lock(there, True)
    add(there, "alice", "a1")
    add(there, "bob", "b1")
    there.settle()
    lock(there, True)
    there.settle()
    told = "⚠️ I may not add to the list here (no add); what is queued waits until I may."
    assert there.said.count(told) == 1
    assert waiting(there) == ["a1", "b1"]
    assert reports.state(there.room).cannot == {"add": "no add"}
    there.denied = set()
    lock(there, False)
    there.settle()
    agreed(there)
    assert playing(there) == "a1"
    assert there.said.count(told) == 1


def test_what_may_be_moved_in_an_unlocked_list() -> None:
    there = standing()
    there.denied = {"move"}
    there.note(moves.move(there.room, Order(text="1 2")))
    there.settle()
    assert there.room.platform.cannot == {"move": "no move"}
    there.denied = set()
    lock(there, False)
    there.settle()
    agreed(there)


def lock(there: FakeList, locked: bool) -> None:
    change = PlaylistChange(id="l", channel=CHANNEL, at=there.now, kind="locked", locked=locked)
    there.frames.append(("on_playlist_change", change))


def test_permanent_items_belong_to_the_room() -> None:
    there = made()
    there.queue("owner", "p1", temp=False)
    there.queue("owner", "p2", temp=False)
    there.join()
    there.settle()
    assert playing(there) == "p1"
    assert waiting(there) == []
    add(there, "alice", "a1")
    add(there, "alice", "a2")
    there.settle()
    agreed(there)
    assert [item.media.id for item in there.items] == ["p1", "a1", "a2", "p2"]
    played = []
    for _ in range(5):
        there.end()
        there.settle()
        played.append(playing(there))
    assert played == ["a1", "a2", "p2", "p1", "p2"]
    assert [each.item.media_id for each in there.room.news.ended] == ["a1", "a2"]


def test_a_lone_permanent_item_starts_anew() -> None:
    there = made()
    there.queue("owner", "p1", temp=False)
    there.join()
    there.settle()
    there.end()
    there.settle()
    assert names(there) == ["item_started", "item_ended", "item_started"]


def test_a_permanent_item_that_is_made_temporary_waits() -> None:
    there = made()
    there.queue("owner", "p1", temp=False)
    there.queue("owner", "p2", temp=False)
    there.join()
    there.settle()
    there.items[1] = there.items[1].model_copy(update={"temp": True})
    change = PlaylistChange(
        id="t", channel=CHANNEL, at=there.now, kind="changed", items=[there.items[1]]
    )
    there.frames.extend([("on_playlist_change", change)] * 2)
    there.settle()
    agreed(there)
    assert waiting(there) == ["p2"]
    assert names(there).count("item_added") == 1


def test_rosey_is_known_in_any_spelling() -> None:
    there = made()
    there.join()
    add(there, "alice", "a1")
    add(there, "bob", "b1")
    there.settle()
    there.items = [item.model_copy(update={"queued_by": ROSEY.swapcase()}) for item in there.items]
    there.restart()
    there.join()
    there.settle()
    agreed(there)
    assert waiting(there) == ["b1"]
    assert [entry.added_by for entry in there.room.queue] == ["bob"]


def test_another_rosey_is_somebody_else() -> None:
    there = made()
    there.join()
    add(there, "alice", "a1")
    there.settle()
    add(there, "bob", "b1")
    there.plan()
    there.queue("Rosey2", "b1")
    there.settle()
    agreed(there)
    assert [entry.added_by for entry in there.room.queue] == ["Rosey2", "bob"]


def test_the_same_thing_twice() -> None:
    there = made(duplicates=True, restore="always")
    there.join()
    for user in ("alice", "bob", "carol"):
        add(there, user, "same")
        there.settle()
    agreed(there)
    assert [entry.added_by for entry in there.room.queue] == ["bob", "carol"]
    there.note(moves.remove(there.room, Order(text="1")))
    there.settle()
    agreed(there)
    assert [entry.added_by for entry in there.room.queue] == ["carol"]
    add(there, "dave", "same")
    there.settle()
    there.shuffle([1, 2, 3])
    there.settle()
    agreed(there)
    assert sorted(entry.added_by for entry in there.room.queue) == ["carol", "dave"]
    crash(there, keep=1)
    assert sorted(entry.added_by for entry in there.room.queue) == ["carol", "dave"]
    assert len(there.items) == 3


def test_who_comes_back_is_put_on_the_list_again() -> None:
    there = standing()
    heard_of(there, "leave", "bob")
    there.now += timedelta(seconds=400)
    there.settle()
    assert [item.media.id for item in there.items] == ["a1", "c1", "d1"]
    assert names(there) == []
    heard_of(there, "join", "bob")
    there.settle()
    agreed(there)
    assert [item.media.id for item in there.items][:3] == ["a1", "b1", "c1"]


def test_a_room_that_asks_rosey_for_nothing_is_left_as_it_is() -> None:
    there = made()
    for name, temp in (("p1", False), ("t1", True), ("p2", False), ("t2", True)):
        there.queue("dave", name, temp=temp)
    there.join()
    there.settle()
    assert [item.media.id for item in there.items] == ["p1", "t1", "p2", "t2"]
    assert there.room.edits == 0


def test_what_is_asked_for_comes_before_what_goes_round() -> None:
    there = made()
    for name, temp in (("p1", False), ("t1", True), ("p2", False)):
        there.queue("dave", name, temp=temp)
    there.join()
    there.settle()
    add(there, "alice", "a1")
    there.settle()
    assert [item.media.id for item in there.items] == ["p1", "t1", "a1", "p2"]
