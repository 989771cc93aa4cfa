"""What the platform answers to what is asked of it."""

import pytest

from rosey.contracts.media import FoundMedia, LookedUp
from rosey.contracts.playlist import Edit
from rosey.durable import Order
from rosey.events import ActionRefused
from tests.workflows.playlist.platform import CHANNEL, FakeList
from tests.workflows.playlist.room import Desk
from tests.workflows.playlist.scenes import (
    add,
    agreed,
    made,
    names,
    playing,
    standing,
    waiting,
)
from workflows.playlist import heard, moves
from workflows.playlist.models import Pending


def test_what_is_refused_leaves_the_queue() -> None:
    there = made()
    there.join()
    there.refusals = {"a1": ("refused", "This video is private")}
    add(there, "alice", "a1")
    add(there, "bob", "b1")
    there.settle()
    agreed(there)
    assert there.said[-1] == "❌ a1 cannot be played here: This video is private"
    assert playing(there) == "b1"
    assert names(there).count("item_removed") == 1


@pytest.mark.parametrize("code", ["lost", "gone"])
def test_what_nobody_knows_of_is_asked_for_again(code: str) -> None:
    there = made()
    there.join()
    there.refusals = {"a1": (code, "the connection went")}
    add(there, "alice", "a1")
    there.settle()
    agreed(there)
    assert playing(there) == "a1"
    assert names(there) == ["item_added", "item_started"]


def test_without_the_right_to_add_nothing_is_lost() -> None:
    there = made()
    there.join()
    there.refusals = {"a1": ("permission", "not now")}
    add(there, "alice", "a1")
    there.settle()
    assert waiting(there) == ["a1"]


def test_a_skip_that_nobody_may_do_is_given_up() -> None:
    there = standing()
    there.denied = {"remove", "skip"}
    there.note(moves.remove(there.room, Order(text="1")))
    there.settle()
    there.note(moves.skip(there.room, Order()))
    there.settle()
    assert there.room.playing
    assert there.room.playing.skipped_by == ""
    there.end()
    there.settle()
    assert [each.skipped for each in there.room.news.ended] == [False]


def unknown_length(there: FakeList, user: str, media: str, rank: float = 1) -> None:
    order = Order(id=f"c-{media}", action="add", user=user, rank=rank, text=media)
    there.note(moves.add(there.room, order, there.now))
    [request] = there.room.requests
    found = LookedUp(media=FoundMedia(type="yt", id=media))
    there.note(moves.looked_up(there.room, request, found, there.now))


def test_a_length_that_is_learned_late() -> None:
    there = standing(max_duration_per_user=1800)
    there.lengths = {"e1": 1500}
    unknown_length(there, "erin", "e1")
    there.end()
    there.settle()
    there.end()
    there.settle()
    assert there.room.queue[-1].seconds == 1500
    assert there.room.queue[-1].title == "e1"


def test_a_length_that_is_learned_late_and_is_too_long() -> None:
    there = standing(max_duration_per_user=1800)
    there.lengths = {"e1": 7200}
    unknown_length(there, "erin", "e1")
    there.end()
    there.settle()
    there.end()
    there.settle()
    agreed(there)
    assert waiting(there) == ["d1"]
    assert there.said[-1] == (
        "❌ e1 [2:00:00] has to go: You can only have 30:00 in queue; add something shorter."
    )
    assert names(there).count("item_removed") == 1


def test_a_length_that_was_thought_to_be_shorter() -> None:
    there = standing(max_item_duration=600)
    there.lengths = {"e1": 601}
    add(there, "erin", "e1", rank=1)
    there.end()
    there.settle()
    there.end()
    there.settle()
    agreed(there)
    assert waiting(there) == ["d1"]


def test_who_has_no_limits_may_add_what_is_long() -> None:
    there = standing(max_duration_per_user=1800)
    there.lengths = {"e1": 7200}
    unknown_length(there, "erin", "e1", rank=3)
    there.end()
    there.settle()
    there.end()
    there.settle()
    agreed(there)
    assert waiting(there) == ["d1", "e1"]


def test_the_answer_may_come_before_the_list_tells() -> None:
    there = made()
    there.join()
    there.settle()
    add(there, "alice", "a1")
    there.plan()
    there.carry_out()
    sent = next(frame for frame in there.frames if frame[0] == "on_sent")
    there.frames.remove(sent)
    there.frames.appendleft(sent)
    there.settle()
    agreed(there)
    assert names(there) == ["item_added", "item_started"]


def test_an_answer_that_comes_after_a_shuffle_changes_nothing() -> None:
    there = standing()
    there.end()
    there.plan()
    while there.frames or not there.edits:
        if there.frames:
            there.hear()
        else:
            there.plan()
    there.carry_out()
    sent = there.frames.pop()
    assert sent[0] == "on_sent"
    there.shuffle([3, 1, 2])
    there.frames.append(sent)
    there.settle()
    agreed(there)


def embed(there: FakeList, user: str, media: str) -> None:
    order = Order(id=f"c-{media}", action="add", user=user, text=media)
    there.note(moves.add(there.room, order, there.now))
    [request] = there.room.requests
    found = LookedUp(media=FoundMedia(type="cu", id=media, title="An embed", seconds=60))
    there.note(moves.looked_up(there.room, request, found, there.now))


def test_an_embed_that_is_lost_is_asked_for_as_it_was() -> None:
    there = made()
    there.join()
    add(there, "alice", "a1")
    embed(there, "bob", "<iframe 1>")
    embed(there, "carol", "<iframe 22>")
    there.settle()
    agreed_embeds(there)
    crash_of = [item.media.id for item in there.items]
    there.restart(keep=1)
    there.join()
    there.settle()
    agreed_embeds(there)
    assert [item.media.id for item in there.items] == crash_of
    there.note(moves.remove(there.room, Order(text="1")))
    there.settle()
    agreed_embeds(there)
    assert waiting(there) == ["<iframe 22>"]
    assert there.said[-1] == "🗑️ operator took An embed out of the queue."


def agreed_embeds(there: FakeList) -> None:
    uids = [item.uid for item in there.items if item.uid != there.current]
    assert uids == [entry.uid for entry in there.room.queue]
    assert uids == [uid for uid in there.room.platform.uids if uid != there.current]


def test_who_does_not_answer_is_asked_less_and_less_often() -> None:
    desk = Desk()
    waited = []
    for _ in range(9):
        desk.room.pending = {"p-1-0": Pending(edit=Edit(kind="look"), at=desk.now)}
        ends = heard.patience_ends(desk.room)
        assert ends
        waited.append((ends - desk.now).total_seconds() / 60)
        heard.give_up(desk.room, desk.later(waited[-1] * 60 - 1))
        assert desk.room.pending
        heard.give_up(desk.room, desk.later(1))
        assert not desk.room.pending
    assert waited == [1, 2, 4, 8, 16, 32, 64, 64, 64]
    refused = ActionRefused(
        id="e-1",
        action_id="p-9-9",
        channel=CHANNEL,
        kind="media_add",
        at=desk.now,
        reason="no",
        code="refused",
    )
    heard.heard(desk.room, "on_refused", refused.model_dump(mode="json"), desk.now)
    desk.room.pending = {"p-2-0": Pending(edit=Edit(kind="look"), at=desk.now)}
    assert heard.patience_ends(desk.room) == desk.later(60)
