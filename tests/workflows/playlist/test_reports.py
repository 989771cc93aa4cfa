"""What people read who only look."""

import pytest

from rosey.durable import Order
from tests.workflows.playlist.room import Desk
from workflows.playlist import reports


def read(desk: Desk, action: str, text: str = "", user: str = "bob") -> list[str]:
    return reports.read(desk.room, Order(action=action, user=user, text=text), desk.now).say


def filled(count: int) -> Desk:
    """The first of them plays since a minute."""
    desk = Desk(fair=False, max_items_per_user=100, rate_limit_count=100)
    for number in range(count + 1):
        desk.add(("alice", "bob")[number % 2], f"m{number}", seconds=120)
    desk.start()
    desk.later(60)
    return desk


def test_an_empty_queue() -> None:
    assert read(Desk(), "queue") == ["The queue is empty. Add something with !add."]


def test_the_queue_shows_what_plays_and_the_next_five() -> None:
    assert read(filled(7), "queue") == [
        "▶️ m0 [2:00], added by alice",
        "1. m1 [2:00] by bob · in 65 s",
        "2. m2 [2:00] by alice · in 3 min",
        "3. m3 [2:00] by bob · in 5 min",
        "4. m4 [2:00] by alice · in 7 min",
        "5. m5 [2:00] by bob · in 9 min",
        "7 items waiting, 14:00 in all, page 1 of 2.",
    ]


@pytest.mark.parametrize("page", ["2", " 2 ", "3", "9999999"])
def test_the_last_page(page: str) -> None:
    assert read(filled(7), "queue", page) == [
        "6. m6 [2:00] by alice · in 12 min",
        "7. m7 [2:00] by bob · in 14 min",
        "7 items waiting, 14:00 in all, page 2 of 2.",
    ]


@pytest.mark.parametrize("page", ["", "0", "1", "-1", "x", "²"])
def test_other_pages_are_the_first(page: str) -> None:
    assert read(filled(7), "queue", page)[0].startswith("▶️ m0")


def test_a_queue_in_which_nothing_waits() -> None:
    assert read(filled(0), "queue") == ["▶️ m0 [2:00], added by alice", "Nothing else is waiting."]


def test_what_is_not_known_is_said() -> None:
    desk = Desk()
    desk.add("alice", "a1", seconds=60)
    desk.add("bob", "b1", seconds=0)
    desk.add("carol", "c1", seconds=60)
    assert read(desk, "queue") == [
        "1. a1 [1:00] by alice · next",
        "2. b1 [??:??] by bob · in 65 s",
        "3. c1 [1:00] by carol · in at least 70 s",
        "3 items waiting, at least 2:00 in all.",
    ]


def test_behind_what_has_no_known_length_no_few_seconds_are_promised() -> None:
    desk = Desk()
    for user in ("alice", "bob", "carol"):
        desk.add(user, user[0], seconds=0)
    desk.start()
    assert read(desk, "queue")[1:3] == [
        "1. b [??:??] by bob · after what is on",
        "2. c [??:??] by carol · after those before it",
    ]


def test_who_is_away_is_waited_for() -> None:
    desk = Desk()
    desk.add("alice", "a1")
    desk.user("leave", "alice")
    desk.later(600)
    assert read(desk, "queue")[0] == "1. a1 [1:00] by alice 💤 waits for its person"


def test_now() -> None:
    desk = Desk()
    assert read(desk, "now") == ["Nothing is playing."]
    desk.add("alice", "a1", seconds=600)
    desk.start()
    desk.later(60)
    assert read(desk, "now") == ["▶️ a1 [10:00], added by alice, 9 min left"]
    desk.add("bob", "live", seconds=0)
    desk.start()
    desk.later(60)
    assert read(desk, "now") == ["▶️ live [??:??], added by bob"]


def test_when() -> None:
    desk = filled(3)
    assert read(desk, "when") == ["1. m1 [2:00] by bob · in 65 s"]
    assert read(desk, "when", "#2") == ["2. m2 [2:00] by alice · in 3 min"]
    assert read(desk, "when", user="ALICE") == ["2. m2 [2:00] by alice · in 3 min"]
    assert read(desk, "when", user="carol") == [
        "Nothing of yours is waiting. !queue shows the numbers."
    ]
    for text in ("0", "4", "x", "99999999999999999999"):
        assert read(desk, "when", text) == ["That is not in the queue; !queue shows the numbers."]


def test_state() -> None:
    desk = filled(2)
    desk.user("leave", "bob")
    desk.later(600)
    state = reports.state(desk.room)
    assert state.connected
    assert (state.waiting, state.parked, state.held, state.pending) == (2, 1, 0, 0)
    assert state.playing == "▶️ m0 [2:00], added by alice"
    assert state.unrecorded == 3
