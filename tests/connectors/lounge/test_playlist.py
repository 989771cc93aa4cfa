from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.lounge.media import Media
from connectors.lounge.playlist import Item, Playlist


def media(id: str, seconds: int = 10) -> Media:
    return Media(id, "cm", id.upper(), seconds, "00:10")


def listed(names: str, current: str = "a", temp: str = "") -> Playlist:
    playlist = Playlist(locked=True)
    for name in names:
        playlist.add(media(name), name in temp, "ann")
    playlist.current = playlist.find_media(current)
    return playlist


def order(playlist: Playlist) -> str:
    return "".join(item.media.id for item in playlist.items)


def item(playlist: Playlist, name: str) -> Item:
    found = playlist.find_media(name)
    assert found
    return found


def test_the_end_and_after_the_current_one() -> None:
    playlist = listed("abc", current="b")
    new = playlist.add(media("d"), False, "bob", following=True)
    assert (order(playlist), new.uid, playlist.before(new)) == ("abdc", 3, 1)
    assert playlist.before(item(playlist, "a")) == "prepend"
    assert playlist.meta() == {"count": 4, "rawTime": 40, "time": "00:40"}
    assert [found.media.id for found in playlist.queued_by("BOB")] == ["d"]


@pytest.mark.parametrize(
    ("removed", "current"), [("a", "b"), ("b", "c"), ("c", "a")], ids=["first", "middle", "last"]
)
def test_who_plays_when_the_current_one_is_removed(removed: str, current: str) -> None:
    playlist = listed("abc", current=removed)
    playlist.remove(item(playlist, removed))
    assert playlist.current is item(playlist, current)


def test_removing_another_one_or_the_only_one() -> None:
    playlist = listed("ab", current="b")
    playlist.remove(item(playlist, "a"))
    assert playlist.current is item(playlist, "b")
    playlist.remove(item(playlist, "b"))
    assert playlist.current is None
    assert playlist.skip() is None


def test_permanent_items_go_round() -> None:
    playlist = listed("ab")
    assert playlist.skip() is None
    assert playlist.current is item(playlist, "b")
    playlist.skip()
    assert playlist.current is item(playlist, "a")
    alone = listed("a")
    alone.skip()
    assert alone.current is item(alone, "a")


def test_a_temporary_item_goes_when_it_is_left() -> None:
    playlist = listed("abc", temp="ac")
    gone = playlist.skip()
    assert gone
    assert (gone.media.id, order(playlist)) == ("a", "bc")
    assert playlist.current is item(playlist, "b")
    assert playlist.jump(item(playlist, "c")) is None
    left = playlist.jump(item(playlist, "b"))
    assert left
    assert (left.media.id, order(playlist)) == ("c", "b")
    only = listed("a", temp="a")
    assert only.jump(item(only, "a")) is None
    assert only.skip() is not None
    assert only.current is None


@pytest.mark.parametrize(
    ("name", "after", "moved", "expected"),
    [
        ("c", "prepend", True, "cab"),
        ("a", "append", True, "bca"),
        ("a", 1, True, "bac"),
        ("c", 0.0, True, "acb"),
        ("a", 0, False, "abc"),
        ("a", 99, False, "abc"),
        ("a", "elsewhere", False, "abc"),
    ],
)
def test_moves(name: str, after: float | str, moved: bool, expected: str) -> None:
    playlist = listed("abc")
    assert playlist.move(item(playlist, name), after) is moved
    assert order(playlist) == expected
    assert playlist.current is item(playlist, "a")


def test_a_shuffle_puts_the_current_one_first_with_new_uids() -> None:
    playlist = listed("abcdef", current="d")
    playlist.shuffle(Random(1))
    assert order(playlist)[0] == "d"
    assert sorted(order(playlist)) == list("abcdef")
    assert [each.uid for each in playlist.items] == [6, 7, 8, 9, 10, 11]
    assert order(playlist) != "dabcef"


def test_what_was_kept_begins_with_uid_0() -> None:
    playlist = listed("ab")
    playlist.load([Item(0, media("x"), False, ""), Item(0, media("y"), True, "ann")], 1, False)
    assert [each.uid for each in playlist.items] == [0, 1]
    assert playlist.current is item(playlist, "y")
    assert not playlist.locked
    assert playlist.add(media("z"), False, "").uid == 2
    playlist.clear()
    assert playlist.items == []
    assert playlist.current is None
    assert playlist.meta() == {"count": 0, "rawTime": 0, "time": "00:00"}


@given(st.lists(st.tuples(st.sampled_from("aAnsrmjc"), st.integers(0, 9)), max_size=60))
def test_whatever_is_done_the_current_item_is_on_the_list(deeds: list[tuple[str, int]]) -> None:
    playlist = Playlist(locked=False)
    for number, (deed, place) in enumerate(deeds):
        chosen = playlist.items[place % len(playlist.items)] if playlist.items else None
        if deed in "aA":
            new = playlist.add(media(str(number)), deed == "A", "", following=place > 5)
            playlist.current = playlist.current or new
        elif deed == "s":
            playlist.skip()
        elif deed == "r":
            playlist.shuffle(Random(place))
        elif chosen and deed == "n":
            playlist.remove(chosen)
        elif chosen and deed == "m":
            playlist.move(chosen, place)
        elif chosen and deed == "j":
            playlist.jump(chosen)
        elif deed == "c" and place == 0:
            playlist.clear()
        uids = [each.uid for each in playlist.items]
        assert len(set(uids)) == len(uids)
        assert (playlist.current in playlist.items) is bool(playlist.items)
