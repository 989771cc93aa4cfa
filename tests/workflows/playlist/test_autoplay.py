"""Something of a list plays while nobody asks for anything, and gives way to whoever does."""

from rosey.contracts.media import FoundMedia
from tests.workflows.playlist.room import Desk
from workflows.playlist import autoplay, lately, plan
from workflows.playlist.models import Stood

HOUR = 3600.0


def listed(*ids: str) -> list[FoundMedia]:
    return [FoundMedia(type="yt", id=id, title=f"The {id}", seconds=60) for id in ids]


def desk(**options: object) -> Desk:
    desk = Desk(autoplay="horror", autoplay_again=HOUR, **options)  # type: ignore[arg-type]
    desk.room.platform.known = True
    return desk


def fill(desk: Desk, *ids: str) -> str:
    return desk.note(*autoplay.choose(desk.room, listed(*ids), desk.now))


def test_one_at_a_time_in_the_list_s_order() -> None:
    room = desk()
    fill(room, "a", "b")
    assert room.queue == ["a"]
    fill(room, "a", "b")
    assert room.queue == ["a"]
    room.start()
    fill(room, "a", "b")
    assert room.queue == ["b"]
    assert [data["by"] for data in room.happened("item_added")] == ["", ""]
    assert room.room.news.added == []


def test_nothing_comes_again_within_its_time() -> None:
    room = desk()
    for expected in ("a", "b"):
        fill(room, "a", "b")
        assert room.queue == [expected]
        room.start()
        room.later(60)
        room.end()
    fill(room, "a", "b")
    assert room.queue == []
    ends = autoplay.rest_ends(room.room, room.now)
    assert ends is not None
    assert not autoplay.is_wanted(room.room, room.now)
    room.later((ends - room.now).total_seconds())
    assert autoplay.is_wanted(room.room, room.now)
    fill(room, "a", "b")
    assert room.queue == ["a"]


def test_what_was_on_longest_ago_comes_first() -> None:
    room = Desk(autoplay="horror", autoplay_again=0)
    room.room.platform.known = True
    on = []
    for _ in range(5):
        fill(room, "a", "b", "c")
        on += room.queue
        room.start()
        room.later(60)
    assert on == ["a", "b", "c", "a", "b"]


def test_requests_come_first_whoever_moves_or_shuffles() -> None:
    room = desk()
    fill(room, "a", "b")
    assert room.add("alice", "wish") == "📺 Added to queue (#1): wish · next"
    assert room.add("bob", "other").startswith("📺 Added to queue (#2): other")
    assert room.queue == ["wish", "other", "a"]
    for fair in (True, False):
        room.room.settings.fair = fair
        room.add("carol", f"carol-{fair}")
    assert room.queue[-1] == "a"
    room.later(60)
    room.add("dave", "first", next=True, rank=2)
    assert (room.queue[0], room.queue[-1]) == ("first", "a")


def test_a_moderator_may_put_it_first_and_then_it_is_a_request() -> None:
    room = desk()
    fill(room, "a")
    room.add("alice", "wish")
    room.ask("move", text="2 1", rank=2)
    assert room.queue == ["a", "wish"]
    autoplay.last_of_all(room.room)
    assert room.queue == ["a", "wish"]


def test_who_asks_for_the_very_thing_gets_it_in_his_turn() -> None:
    room = desk()
    fill(room, "a")
    filler = room.room.queue[0]
    filler.uid = 5
    assert room.add("alice", "a").startswith("📺 Added to queue (#1)")
    (entry,) = room.room.queue
    assert (entry.added_by, entry.filler) == ("alice", False)
    assert room.room.leaving == [filler]


def test_nothing_plays_for_nobody() -> None:
    room = desk()
    for name in ("alice", "bob", "carol"):
        room.user("leave", name)
    assert autoplay.is_wanted(room.room, room.now)
    room.user("update", "dave", afk=True)
    assert not autoplay.is_wanted(room.room, room.now)


def test_a_list_that_is_not_there_is_said_once() -> None:
    room = desk()
    said = fill(room)
    assert said == (
        "⚠️ Autoplay: there is no list horror, or nothing in it. !playlist lists shows all."
    )
    room.later(300)
    assert autoplay.is_wanted(room.room, room.now)
    assert fill(room) == ""
    room.later(300)
    fill(room, "a")
    assert room.queue == ["a"]


def test_what_may_not_play_here_or_is_on_is_left_out() -> None:
    room = desk(types=["vi"])
    assert fill(room, "a") == ""
    assert room.queue == []
    room.room.settings.types = []
    room.later(300)
    fill(room, "a")
    room.start()
    fill(room, "a")
    assert room.queue == []


def test_what_nobody_asked_for_is_taken_out_of_the_way_on_the_platform() -> None:
    """It stands behind a request there too, once the plan is carried out."""
    room = desk()
    fill(room, "a")
    filler = room.room.queue[0]
    filler.uid = 1
    room.add("alice", "wish")
    wish = room.room.queue[0]
    wish.uid = 2
    room.room.platform.items = [
        Stood(uid=uid, type="yt", media_id=id) for uid, id in ((9, "on"), (1, "a"), (2, "wish"))
    ]
    room.room.platform.current = 9
    (edit, about), *_ = plan.next_edits(room.room)
    assert (edit.kind, about) == ("move", wish.id)


# -- what was on of late -----------------------------------------------------------------------


def test_a_title_and_a_series_rest() -> None:
    room = Desk(repeat_after=HOUR, series_after=HOUR / 2)
    room.add("alice", "Halloween")
    room.room.queue[0].series = "Halloween"
    room.start()
    room.later(60)
    room.end()
    same = FoundMedia(type="vi", id="9", title=" halloween ", seconds=60)
    over = lately.too_soon(room.room, same, room.now)
    assert over
    assert (over.limit, over.until) == ("repeat", room.later(HOUR))
    assert lately.too_soon(room.room, same, room.now) is None
    another = FoundMedia(type="vi", id="10", title="Halloween II", series="HALLOWEEN")
    room.room.played["series:halloween"] = room.now
    over = lately.too_soon(room.room, another, room.now)
    assert over
    assert (over.limit, over.until) == ("series", room.later(HOUR / 2))


def test_the_refusal_says_until_when() -> None:
    room = Desk(repeat_after=HOUR, rate_limit_count=100)
    room.add("alice", "a")
    room.start()
    room.later(60)
    room.end()
    assert room.add("bob", "a") == "❌ That has just been on; it may be added again in 1 h."
    assert room.add("bob", "b").startswith("📺")
    assert room.add("eve", "a", rank=3).startswith("📺")


def test_what_is_remembered_is_bounded() -> None:
    room = Desk()
    for number in range(lately.MOST):
        lately.note(room.room.played, [f"yt:{number}", f"title:{number}"], room.now)
    assert len(room.room.played) == lately.MOST
    assert list(room.room.played)[-1] == f"title:{lately.MOST - 1}"
