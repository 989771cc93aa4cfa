"""Another bot's queue beside the one that runs."""

from typing import Any

import pytest

from rosey.contracts.playlist_import import BringIn, BroughtIn, BroughtItem
from rosey.durable import Order
from rosey.events import Outcome
from tests.workflows.playlist.platform import CHANNEL, START
from workflows.playlist.brought import bring_in
from workflows.playlist.models import Entry, Playing, Room


def item(media: str, by: str = "alice", nth: int = 1) -> BroughtItem:
    return BroughtItem(type="yt", media_id=media, added_by=by, nth=nth)


def entry(media: str, by: str = "Alice") -> Entry:
    return Entry(id=f"e-{media}", type="yt", media_id=media, added_by=by, added_at=START)


def bring(room: Room, *items: BroughtItem, **fields: Any) -> tuple[Outcome, BroughtIn]:
    given = BringIn(items=list(items), run="r", **fields)
    order = Order(action="bring_in", event=given.model_dump(mode="json"))
    return bring_in(room, order, START)


def media(room: Room) -> list[str]:
    return [each.media_id for each in room.queue]


def test_they_go_behind_in_their_order_whoever_has_a_turn() -> None:
    room = Room(channel=CHANNEL, era="x", queue=[entry("a", "bob")])
    outcome, done = bring(room, item("b"), item("c"), item("d", "bob"))
    assert media(room) == ["a", "b", "c", "d"]
    assert (done.added, done.known, done.waiting) == (3, 0, 4)
    assert outcome.say == ["📺 3 items added to queue."]
    assert [event.name for event in outcome.events] == ["item_added"] * 3
    assert [event.data["position"] for event in outcome.events] == [2, 3, 4]


@pytest.mark.parametrize("place", ["queue", "held", "playing"])
def test_what_is_there_is_not_doubled(place: str) -> None:
    room = Room(channel=CHANNEL, era="x")
    if place == "playing":
        room.playing = Playing(type="yt", media_id="a", entry=entry("a"), started_at=START)
    else:
        setattr(room, place, [entry("a")])
    outcome, done = bring(room, item("a"), item("a", "bob"), item("a", nth=2))
    assert (done.added, done.known) == (2, 1)
    assert [event.data["item"]["added_by"] for event in outcome.events] == ["bob", "alice"]
    outcome, done = bring(room, item("a"), item("a", "bob"), item("a", nth=2))
    assert (done.added, done.known) == (0, 3)
    assert outcome == Outcome()


def test_the_room_hears_of_all_parts_once() -> None:
    room = Room(channel=CHANNEL, era="x")
    first, done = bring(room, item("a"), item("b"), last=False)
    assert first.say == []
    assert len(first.events) == 2
    last, _ = bring(room, item("c"), before=done.added)
    assert last.say == ["📺 3 items added to queue."]
