"""What the database is told, and what it gives back after a loss."""

from rosey.contracts.playlist import Item
from rosey.events import PlaylistChange
from tests.workflows.playlist.platform import CHANNEL, ROSEY, START
from tests.workflows.playlist.room import Desk
from workflows.playlist import copy, moves, whole_list
from workflows.playlist.models import Entry, Playing


def item(media: str, user: str = "alice") -> Item:
    return Item(
        id=f"old-{media}",
        type="yt",
        media_id=media,
        title=media,
        seconds=60,
        added_by=user,
        added_at=START,
    )


def there(desk: Desk, *media: str) -> None:
    """Found on the platform's list, where all is Rosey's."""
    for uid, each in enumerate(media, 1):
        entry = Entry(
            id=f"era-{uid}", type="yt", media_id=each, uid=uid, added_by=ROSEY, added_at=START
        )
        desk.room.queue.append(entry)


def test_what_happens_is_told_once() -> None:
    desk = Desk(history_days=30)
    copy.news(desk.room)
    assert not copy.is_news(desk.room)
    desk.add("alice", "a1")
    assert copy.is_news(desk.room)
    change = copy.news(desk.room)
    assert (change.id, change.channel, change.history_days) == ("era-2", "lounge/lobby", 30)
    assert [each.media_id for each in change.queue or []] == ["a1"]
    assert [each.media_id for each in change.added] == ["a1"]
    assert not copy.is_news(desk.room)


def test_what_plays_is_kept_until_it_is_over() -> None:
    desk = Desk()
    desk.add("alice", "a1")
    copy.news(desk.room)
    desk.start()
    assert not copy.is_news(desk.room)
    desk.later(60)
    desk.end()
    change = copy.news(desk.room)
    assert change.queue == []
    assert [(each.item.media_id, each.watched) for each in change.ended] == [("a1", 60)]


def test_the_queue_is_written_only_when_it_changed() -> None:
    desk = Desk()
    desk.add("alice", "a1")
    copy.news(desk.room)
    desk.room.news.added.append(item("x"))
    assert copy.news(desk.room).queue is None


def test_an_order_is_news() -> None:
    desk = Desk()
    desk.add("alice", "a1")
    desk.add("bob", "b1")
    copy.news(desk.room)
    desk.ask("move", rank=2, text="2 1")
    change = copy.news(desk.room)
    assert [each.media_id for each in change.queue or []] == ["b1", "a1"]


def test_all_comes_back_when_only_the_database_knows() -> None:
    desk = Desk()
    desk.room.platform.known = True
    [told] = copy.loaded(desk.room, [item("a"), item("b", "bob")])
    assert told.say == ["♻️ Recovered 2 items."]
    assert desk.queue == ["a", "b"]
    assert [entry.added_by for entry in desk.room.queue] == ["alice", "bob"]
    assert desk.room.loaded
    assert not desk.room.recovering
    assert not told.events


def test_it_is_said_once_when_the_platform_s_list_is_still_to_come() -> None:
    desk = Desk()
    assert copy.loaded(desk.room, [item("a"), item("b", "bob")]) == []
    whole = PlaylistChange(id="l-1", channel=CHANNEL, at=START, kind="replaced")
    assert desk.note(*whole_list.replaced(desk.room, whole, START)) == "♻️ Recovered 2 items."
    assert not desk.room.recovering


def test_nothing_to_bring_back() -> None:
    assert copy.loaded(Desk().room, []) == []


def test_what_the_platform_shows_belongs_to_whoever_asked() -> None:
    desk = Desk()
    there(desk, "b", "c")
    on = Entry(id="era-9", type="yt", media_id="a", uid=9, added_by=ROSEY, added_at=START)
    desk.room.playing = Playing(
        type="yt", media_id="a", uid=9, entry=on, by=ROSEY, started_at=START
    )
    copy.loaded(desk.room, [item("a"), item("b", "bob"), item("c", "carol"), item("d", "dave")])
    assert desk.queue == ["b", "c", "d"]
    assert [entry.added_by for entry in desk.room.queue] == ["bob", "carol", "dave"]
    assert [entry.uid for entry in desk.room.queue] == [1, 2, None]
    assert desk.room.playing.by == "alice"
    assert on.added_by == "alice"


def test_what_others_queued_there_stays_theirs() -> None:
    desk = Desk()
    there(desk, "a")
    desk.room.queue[0].added_by = "dave"
    copy.loaded(desk.room, [item("a")])
    assert [entry.added_by for entry in desk.room.queue] == ["dave"]


def test_the_same_thing_twice_comes_back_twice() -> None:
    desk = Desk(duplicates=True)
    there(desk, "a")
    copy.loaded(desk.room, [item("a", "alice"), item("b"), item("a", "bob")])
    assert desk.queue == ["a", "b", "a"]
    assert [entry.added_by for entry in desk.room.queue] == ["alice", "alice", "bob"]


def test_a_room_may_want_to_start_empty() -> None:
    desk = Desk(restore="never")
    [told] = copy.loaded(desk.room, [item("a")])
    assert told.say == ["The queue starts empty: 1 item from before is not restored here."]
    assert desk.queue == []
    assert copy.news(desk.room).queue == []


def test_what_was_asked_meanwhile_comes_behind() -> None:
    desk = Desk()
    desk.add("bob", "new")
    copy.loaded(desk.room, [item("a"), item("b")])
    assert desk.queue == ["a", "b", "new"]
    desk.note(moves.clear(desk.room, desk.order("clear", rank=2)))
    assert desk.queue == []
