"""What each order does, what is said to it, and what happens once."""

from random import Random

import pytest

from rosey.contracts.media import LookedUp
from tests.workflows.playlist.platform import START
from tests.workflows.playlist.room import Desk
from workflows.playlist import moves
from workflows.playlist.models import Entry


def three(**options: object) -> Desk:
    desk = Desk(**options)  # type: ignore[arg-type]
    for user in ("alice", "bob", "carol"):
        desk.add(user, user[0])
    desk.events.clear()
    return desk


def names(desk: Desk) -> list[str]:
    return [name for name, _ in desk.events]


# -- adding ------------------------------------------------------------------------------------


def test_what_is_added_is_told() -> None:
    desk = Desk()
    assert desk.add("alice", "a1", seconds=240) == "📺 Added to queue (#1): a1 · next"
    desk.start()
    assert desk.add("bob", "b1") == "📺 Added to queue (#1): b1 · in 4 min"
    assert desk.add("alice", "a2") == "📺 Added to queue (#2): a2 · in 5 min (bob, you)"
    assert desk.add("alice", "a3") == "📺 Added to queue (#3): a3 · in 6 min (bob, you, you)"
    added = desk.happened("item_added")
    assert [data["position"] for data in added] == [1, 1, 2, 3]
    assert [data["by"] for data in added] == ["alice", "bob", "alice", "alice"]
    assert [item.media_id for item in desk.room.news.added] == ["a1", "b1", "a2", "a3"]


def test_after_something_live_no_time_is_promised() -> None:
    desk = Desk()
    desk.add("alice", "live", seconds=0)
    desk.start()
    assert desk.add("bob", "b1") == "📺 Added to queue (#1): b1 · after what is on"
    said = desk.add("carol", "c1", seconds=300)
    assert said == "📺 Added to queue (#2): c1 · in at least 65 s (bob, you)"


def test_what_cannot_be_found_is_said_and_costs_nothing() -> None:
    desk = Desk()
    for _ in range(5):
        said = desk.add("alice", "gone", problem="That video does not exist.")
        assert said == "❌ That video does not exist."
    assert desk.room.requests == []
    assert desk.events == []


def test_next_is_for_moderators() -> None:
    desk = Desk()
    desk.add("alice", "a1")
    refused = desk.add("bob", "b1", next=True)
    assert refused == "Only moderators can add something to play next."
    assert desk.add("carol", "c1", next=True, rank=2) == "📺 Added to queue (#1): c1 · next"
    assert desk.queue == ["c1", "a1"]


def test_nothing_to_add() -> None:
    desk = Desk()
    said = desk.note(moves.add(desk.room, desk.order("add"), desk.now))
    assert said == "Add a link or a title, for example: !add https://youtu.be/dQw4w9WgXcQ"
    assert not desk.room.requests


def test_only_so_many_are_looked_up() -> None:
    desk = Desk()
    for number in range(moves.MOST_REQUESTS):
        order = desk.order("add", f"user{number}", "x", rank=3)
        desk.note(moves.add(desk.room, order, desk.now))
    said = desk.note(moves.add(desk.room, desk.order("add", "late", "x", rank=3), desk.now))
    assert said == "❌ Too many requests are being looked up; try again in a minute."
    assert len(desk.room.requests) == moves.MOST_REQUESTS


# -- limits ------------------------------------------------------------------------------------


def test_only_so_many_items_and_until_when() -> None:
    desk = Desk(rate_limit_count=100)
    desk.add("bob", "b1", seconds=600)
    desk.start()
    for number in range(5):
        desk.add("alice", f"a{number}")
    said = desk.add("alice", "more")
    assert said == "❌ You can only have 5 items in queue; your next one starts in 10 min."
    desk.later(605)
    desk.start()
    assert desk.add("alice", "more").startswith("📺 Added")


def test_what_is_being_looked_up_counts() -> None:
    desk = Desk(max_items_per_user=1)
    desk.note(moves.add(desk.room, desk.order("add", "alice", "a1"), desk.now))
    said = desk.note(moves.add(desk.room, desk.order("add", "alice", "a2"), desk.now))
    assert said == "❌ You can only have 1 item in queue; one must play first."


def test_only_so_many_minutes_and_until_when() -> None:
    desk = Desk(rate_limit_count=100)
    desk.add("bob", "b1", seconds=300)
    desk.start()
    desk.add("alice", "a1", seconds=1000)
    desk.add("alice", "a2", seconds=800)
    said = desk.add("alice", "a3", seconds=900)
    assert said == "❌ You can only have 30:00 in queue; there is room for it in 5 min."
    said = desk.add("alice", "a3", seconds=1801)
    assert said == "❌ You can only have 30:00 in queue; add something shorter."
    desk.later(305)
    desk.start()
    assert desk.add("alice", "a3", seconds=900).startswith("📺 Added")


def test_not_too_fast_and_until_when() -> None:
    desk = Desk()
    for number in range(3):
        desk.add("alice", f"a{number}")
        desk.later(1)
    said = desk.add("alice", "more")
    assert said == "❌ Slow down: 3 in 10 s at most; try again in 7 s."
    desk.later(7)
    assert desk.add("alice", "more").startswith("📺 Added")


def test_adds_of_long_ago_are_forgotten() -> None:
    desk = Desk()
    for number in range(50):
        desk.add(f"admin{number}", f"m{number}", rank=3)
        desk.later(10)
    desk.add("alice", "a1")
    assert list(desk.room.added) == ["alice"]


def test_the_queue_has_an_end() -> None:
    desk = Desk(max_queue=1)
    desk.add("bob", "b1", seconds=120)
    desk.start()
    desk.add("alice", "a1")
    said = desk.add("carol", "c1")
    assert said == "❌ The queue is full (1 item); the next one starts in 2 min."
    assert desk.add("root", "r1", rank=3).startswith("📺 Added")


def test_items_may_be_too_long() -> None:
    desk = Desk(max_item_duration=600)
    said = desk.add("alice", "a1", seconds=601)
    assert said == "❌ That is too long: 10:00 at most; try something shorter."
    assert desk.add("alice", "a1", seconds=600).startswith("📺 Added")


def test_only_some_types() -> None:
    desk = Desk(types=["yt", "cm"])
    said = desk.add("root", "f1", type="fi", rank=3)
    assert said == "❌ Only these may be added here: yt, cm."


def test_the_same_thing_waits_once() -> None:
    desk = Desk()
    desk.add("alice", "a1")
    assert desk.add("bob", "a1") == "❌ That is in the queue already."
    desk.start()
    assert desk.add("bob", "a1") == "❌ That is in the queue already."
    desk.end()
    assert desk.add("bob", "a1").startswith("📺 Added")


def test_a_room_may_allow_the_same_thing_twice() -> None:
    desk = Desk(duplicates=True)
    desk.add("alice", "a1")
    desk.add("bob", "a1")
    assert desk.queue == ["a1", "a1"]


def test_what_was_on_may_have_to_wait() -> None:
    desk = Desk(repeat_after=7200)
    desk.add("alice", "a1")
    desk.start()
    desk.later(60)
    desk.end()
    desk.later(3600)
    assert desk.add("bob", "a1") == "❌ That has just been on; it may be added again in 1 h."
    assert desk.add("root", "a1", rank=3).startswith("📺 Added")
    desk.ask("remove", "root", rank=3)
    desk.later(3600)
    assert desk.add("bob", "a1").startswith("📺 Added")


def test_a_refused_add_does_not_count_for_the_rate() -> None:
    desk = Desk()
    desk.add("bob", "b1")
    for _ in range(5):
        assert desk.add("alice", "b1") == "❌ That is in the queue already."
    assert desk.add("alice", "a1").startswith("📺 Added")


def test_limits_hold_for_all_spellings_of_a_name() -> None:
    desk = Desk(max_items_per_user=1)
    desk.add("alice", "a1")
    assert desk.add("ALICE", "a2").startswith("❌ You can only have 1 item")


# -- what is there -----------------------------------------------------------------------------


def test_people_remove_their_own() -> None:
    desk = three()
    assert desk.ask("remove", "bob", "#2") == "🗑️ bob took b out of the queue."
    assert desk.ask("remove", "alice") == "🗑️ alice took a out of the queue."
    assert desk.ask("remove", "bob") == "Nothing of yours is waiting. !queue shows the numbers."
    assert desk.queue == ["c"]
    assert names(desk) == ["item_removed", "item_removed"]


def test_without_a_number_the_last_of_ones_own_goes() -> None:
    desk = three()
    desk.add("alice", "a2")
    desk.ask("remove", "alice")
    assert desk.queue == ["a", "b", "c"]


def test_only_moderators_remove_others() -> None:
    desk = three()
    assert desk.ask("remove", "bob", "1") == "Only alice or a moderator can remove that."
    assert desk.ask("remove", "mod", "1", rank=2) == "🗑️ mod took a out of the queue."


@pytest.mark.parametrize("text", ["0", "4", "-1", "²", "x", "99999999999999999999"])
def test_numbers_that_are_not_there(text: str) -> None:
    desk = three()
    said = desk.ask("remove", "mod", text, rank=2)
    assert said == f"There is no #{text[:20]}; the queue has 1 to 3."
    said = desk.ask("move", "mod", f"{text} 1", rank=2)
    assert said == "Both must be numbers of the queue; the queue has 1 to 3."
    assert not desk.events


def test_moderators_move() -> None:
    desk = three()
    assert desk.ask("move", "bob", "3 1") == "Only moderators can move items."
    usage = "Which item, and where to? For example: !move 3 1"
    assert desk.ask("move", "mod", "3", rank=2) == usage
    assert desk.ask("move", "mod", "#3 to 1", rank=2) == "↕️ c is #1 now."
    assert desk.queue == ["c", "a", "b"]
    assert desk.ask("move", "mod", "1 3", rank=2) == "↕️ c is #3 now."
    assert desk.queue == ["a", "b", "c"]
    assert [data["position"] for data in desk.happened("item_moved")] == [1, 3]


def test_moderators_shuffle() -> None:
    desk = three()
    order = desk.order("shuffle", "bob")
    assert desk.note(moves.shuffle(desk.room, order, Random(1))) == (
        "Only moderators can shuffle the queue."
    )
    order = desk.order("shuffle", "mod", rank=2)
    assert desk.note(moves.shuffle(desk.room, order, Random(1))) == "🔀 3 items shuffled."
    assert sorted(desk.queue) == ["a", "b", "c"]
    assert names(desk) == ["queue_shuffled"]


def test_one_item_is_not_shuffled() -> None:
    desk = Desk()
    desk.add("alice", "a1")
    said = desk.note(moves.shuffle(desk.room, desk.order("shuffle", rank=2), Random(1)))
    assert said == "There is nothing to shuffle: fewer than 2 items wait."
    assert names(desk) == ["item_added"]


def test_moderators_clear() -> None:
    desk = three()
    assert desk.ask("clear", "bob") == "Only moderators can empty the queue."
    assert desk.ask("clear", "mod", rank=2) == "🧹 mod emptied the queue: 3 items."
    assert desk.ask("clear", "mod", rank=2) == "The queue is empty already."
    assert desk.events == [("queue_cleared", {"by": "mod", "items": 3})]


def test_what_is_looked_up_when_the_queue_is_cleared_does_not_come_after() -> None:
    desk = Desk()
    desk.note(moves.add(desk.room, desk.order("add", "alice", "a1"), desk.now))
    desk.ask("clear", "mod", rank=2)
    assert desk.room.requests == []


def lost(desk: Desk) -> Desk:
    desk.room.held = [Entry(id="era-9", type="yt", media_id="h", title="h", added_at=START)]
    return desk


def test_moderators_put_back_what_was_lost() -> None:
    desk = lost(three())
    assert desk.ask("restore", "bob") == "Only moderators can do that."
    said = desk.ask("restore", "mod", rank=2)
    assert said == "♻️ The room lost 1 item; I put it back."
    assert desk.queue == ["h", "a", "b", "c"]
    assert desk.ask("restore", "mod", rank=2) == "Nothing was lost."
    assert not desk.events


def test_moderators_let_go_what_was_lost() -> None:
    desk = lost(three())
    assert desk.ask("forget", "bob") == "Only moderators can do that."
    assert desk.ask("forget", "mod", rank=2) == "1 item let go."
    assert desk.ask("forget", "mod", rank=2) == "Nothing was lost."
    assert names(desk) == ["item_removed"]


# -- what plays --------------------------------------------------------------------------------


def test_moderators_skip() -> None:
    desk = three()
    assert desk.ask("skip", "mod", rank=2) == "Nothing is playing."
    desk.start()
    assert desk.ask("skip", "bob") == "Only moderators can skip; !voteskip asks everybody."
    assert desk.ask("skip", "mod", rank=2) == "⏭️ mod skips a."
    assert desk.ask("skip", "mod", rank=2) == "It is being skipped already."


@pytest.mark.parametrize("own", [True, False])
def test_people_skip_their_own_where_they_may(own: bool) -> None:
    desk = three(skip_own=own)
    desk.start()
    said = desk.ask("skip", "Alice")
    assert said.startswith("⏭️ Alice skips a." if own else "Only moderators")


def test_each_thing_that_happens_is_told_once() -> None:
    desk = three()
    desk.start()
    desk.later(60)
    desk.start()
    desk.ask("skip", "mod", rank=2)
    desk.later(20)
    desk.start()
    desk.later(30)
    desk.end()
    desk.end()
    assert names(desk) == ["item_started", *["item_ended", "item_started"] * 2, "item_ended"]
    ended = desk.happened("item_ended")
    assert [(data["watched"], data["skipped"]) for data in ended] == [
        (60, False),
        (20, True),
        (30, True),
    ]
    history = [(each.item.media_id, each.watched, each.skipped) for each in desk.room.news.ended]
    assert history == [("a", 60, False), ("b", 20, True), ("c", 30, True)]


@pytest.mark.parametrize(("watched", "skipped"), [(54.9, True), (55.0, False), (65.0, False)])
def test_the_last_seconds_do_not_make_a_skip(watched: float, skipped: bool) -> None:
    desk = three()
    desk.start()
    desk.later(watched)
    desk.end()
    [ended] = desk.room.news.ended
    assert ended.skipped == skipped
    assert ended.watched == min(watched, 60)


def test_live_things_are_watched_for_as_long_as_they_are_on() -> None:
    desk = Desk()
    desk.add("alice", "live", seconds=0)
    desk.start()
    desk.later(5000)
    desk.end()
    [ended] = desk.room.news.ended
    assert (ended.watched, ended.skipped) == (5000, False)


def test_what_starts_is_said_where_the_room_wants_it() -> None:
    desk = Desk(announce=True)
    desk.add("alice", "a1")
    desk.start()
    assert desk.said[-1] == "▶️ a1 [1:00], added by alice"


def test_an_answer_that_comes_late_is_no_second_add() -> None:
    desk = Desk()
    desk.note(moves.add(desk.room, desk.order("add", "alice", "a1"), desk.now))
    request = desk.room.requests[0]
    desk.note(moves.looked_up(desk.room, request, LookedUp(), desk.now))
    assert desk.said == ["❌ That cannot be found."]
    assert desk.room.requests == []
