"""Whatever people and crashes do to the platform's list, it and the queue come to agree."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rosey.durable import Order
from tests.workflows.playlist.platform import ROSEY, FakeList
from tests.workflows.playlist.scenes import (
    add,
    agreed,
    heard_of,
    made,
)
from workflows.playlist import moves


def test_a_queue_is_played() -> None:
    there = made()
    there.join()
    there.settle()
    for number in range(5):
        add(there, "alice", f"a{number}")
        there.settle()
    agreed(there)
    assert [item.media.id for item in there.items] == ["a0", "a1", "a2", "a3"]
    for number in range(5):
        assert there.room.playing
        assert there.room.playing.media_id == f"a{number}"
        there.end()
        there.settle()
        agreed(there)
    assert there.room.playing is None
    assert [ended.item.media_id for ended in there.room.news.ended] == [f"a{n}" for n in range(5)]
    assert all(ended.watched == 60 and not ended.skipped for ended in there.room.news.ended)
    names = [name for name, _ in there.happened]
    assert Counter(names) == {"item_added": 5, "item_started": 5, "item_ended": 5}


PEOPLE = st.sampled_from(["alice", "bob", "carol"])
STEPS = st.one_of(
    st.tuples(st.just("add"), PEOPLE),
    st.tuples(st.just("next"), PEOPLE),
    st.tuples(st.just("foreign"), PEOPLE),
    st.tuples(st.just("permanent"), PEOPLE),
    st.tuples(st.sampled_from(["goes", "comes"]), PEOPLE),
    st.tuples(
        st.sampled_from(["delete", "move", "remove", "order", "shuffle"]),
        st.integers(0, 9),
        st.integers(0, 9),
    ),
    st.tuples(st.sampled_from(["hear", "carry_out", "plan", "settle"])),
    st.tuples(st.sampled_from(["end", "skip", "rejoin", "crash", "clear_there", "clear", "mix"])),
    st.tuples(st.sampled_from(["save", "older", "away", "first"])),
)


class Happenings:
    """Carries out steps as far as they make sense, and knows what was asked for."""

    def __init__(self, there: FakeList) -> None:
        self.there = there
        self.count = 0
        self.cleared = False

    def step(self, what: str, *args: object) -> None:
        there = self.there
        match what:
            case "add" | "next":
                self.count += 1
                add(there, str(args[0]), f"m{self.count}", next=what == "next")
            case "foreign" | "permanent":
                self.count += 1
                there.queue(str(args[0]), f"f{self.count}", temp=what == "foreign")
            case "delete" if there.items:
                there.delete(there.items[int(str(args[0])) % len(there.items)].uid)
            case "move" if len(there.items) > 1:
                self._move(int(str(args[0])), int(str(args[1])))
            case "shuffle" if there.items:
                there.shuffle([int(str(each)) for each in args])
            case "remove":
                there.note(moves.remove(there.room, Order(text=str(int(str(args[0])) + 1))))
            case "order":
                wish = f"{int(str(args[0])) + 1} {int(str(args[1])) + 1}"
                there.note(moves.move(there.room, Order(text=wish)))
            case "hear" if there.frames:
                there.hear()
            case "carry_out" if there.edits:
                there.carry_out()
            case "plan":
                there.plan()
            case "settle":
                there.settle()
            case "end":
                there.end()
            case "skip":
                there.note(moves.skip(there.room, Order()))
            case "rejoin":
                there.join()
            case "crash":
                there.restart(keep=1)
                there.join()
            case "save":
                there.save()
            case "older":
                there.restart(saved=True)
                there.join()
            case "away":
                there.leave()
            case "first":
                there.join(first=True)
            case "goes" | "comes":
                heard_of(there, {"goes": "leave", "comes": "join"}[what], str(args[0]))
                there.now += timedelta(seconds=400)
            case "clear_there":
                there.clear()
            case "clear":
                there.note(moves.clear(there.room, Order()))

    def _move(self, one: int, other: int) -> None:
        there = self.there
        item = there.items[one % len(there.items)]
        behind = there.items[other % len(there.items)]
        if item is not behind:
            there.move(item.uid, behind.uid)


@settings(max_examples=300, deadline=None)
@given(st.lists(STEPS, max_size=40), st.sampled_from(["always", "ask", "never"]))
def test_they_always_come_to_agree(steps: list[tuple[object, ...]], restore: str) -> None:
    there = made(restore=restore)
    there.join()
    happenings = Happenings(there)
    for step in steps:
        happenings.step(str(step[0]), *step[1:])
    if not there.connected:
        there.join()
    there.settle()
    agreed(there)
    media = [entry.media_id for entry in there.room.queue]
    assert len(media) == len(set(media))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("add"), PEOPLE),
            st.tuples(st.sampled_from(["hear", "carry_out", "plan", "rejoin", "crash", "shuffle"])),
            st.tuples(st.sampled_from(["settle", "save", "older", "first"])),
        ),
        max_size=40,
    )
)
def test_nothing_is_lost_or_doubled(steps: list[tuple[object, ...]]) -> None:
    """Nobody takes anything away here, so all that was asked for plays exactly once."""
    there = made()
    there.join()
    happenings = Happenings(there)
    for step in steps:
        args = step[1:] or (1, 2) if step[0] == "shuffle" else step[1:]
        happenings.step(str(step[0]), *args)
    there.settle()
    agreed(there)
    waiting = [entry.media_id for entry in there.room.queue]
    on = [there.room.playing.media_id] if there.room.playing else []
    assert sorted(on + waiting) == sorted(f"m{n + 1}" for n in range(happenings.count))


@pytest.mark.parametrize("denied", [{"move"}, {"remove"}, {"move", "remove", "skip"}])
def test_without_a_permission_it_does_what_it_may(denied: set[str]) -> None:
    there = made()
    there.denied = denied
    there.join()
    there.settle()
    for media in ("a1", "a2", "a3", "b1"):
        add(there, {"a": "alice", "b": "bob"}[media[0]], media)
        there.settle()
    there.note(moves.move(there.room, Order(text="1 2")))
    there.note(moves.remove(there.room, Order(text="2")))
    there.settle()
    there.note(moves.move(there.room, Order(text="1 2")))
    there.settle()
    there.note(moves.skip(there.room, Order()))
    there.settle()
    told = [line for line in there.said if line.startswith("⚠️")]
    assert len(told) == len(denied)
    assert not there.room.pending
    assert (there.room.playing is None) == ("skip" not in denied and not there.items)


def test_without_the_right_to_add_everything_waits() -> None:
    there = made()
    there.denied = {"add"}
    there.join()
    add(there, "alice", "a")
    add(there, "bob", "b")
    there.settle()
    assert [line for line in there.said if line.startswith("⚠️")] == [
        "⚠️ I may not add to the list here (no add); what is queued waits until I may."
    ]
    there.denied = set()
    there.join()
    there.settle()
    agreed(there)
    assert there.room.playing


def test_what_others_queue_is_theirs() -> None:
    there = made()
    there.join()
    there.queue("dave", "d1")
    there.queue(ROSEY, "unknown")
    there.settle()
    assert there.room.playing
    assert there.room.playing.by == "dave"
    assert [entry.added_by for entry in there.room.queue] == [ROSEY]
