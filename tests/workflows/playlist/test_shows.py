"""Shows as the room sees them: asked for, announced, begun."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from rosey.contracts.shows import Scheduled, ShowAnswer, ShowBegins, ShowPlan, ShowSoon, ShowWish
from rosey.durable import Order
from rosey.events import Outcome
from tests.workflows.playlist.room import Desk
from workflows.playlist import moves, people, shows
from workflows.playlist.models import Settings

FILMS = ("h1", "h2", "h3")


@pytest.fixture
def desk() -> Desk:
    """`a1` plays; `b1`, `c1` and `b2` wait."""
    desk = Desk()
    for user, media in (("alice", "a1"), ("bob", "b1"), ("carol", "c1"), ("bob", "b2")):
        desk.add(user, media)
    desk.start()
    desk.said.clear()
    desk.events.clear()
    return desk


def ask(desk: Desk, action: str, text: str = "", rank: float = 2) -> str:
    order = desk.order(action, "mod", text, rank)
    return desk.note(shows.ORDERS[action](desk.room, order, desk.now))


def soon(desk: Desk, films: int | None = 3, minutes: float = 15) -> str:
    event = ShowSoon(
        name="Friday Horror",
        saved_list="horror",
        begins=desk.now + timedelta(minutes=minutes),
        clock="20:00",
        films=films,
    )
    return tell(desk, "show_soon", event)


def begin(desk: Desk, *films: str, problem: str = "") -> str:
    items = [{"type": "yt", "id": film, "title": film, "seconds": 5400} for film in films]
    given = {"name": "Friday Horror", "saved_list": "horror", "by": "mod", "items": items}
    return tell(desk, "show", ShowBegins.model_validate(given | {"problem": problem}))


def tell(desk: Desk, action: str, event: ShowSoon | ShowBegins) -> str:
    order = Order(id="s-1", action=action, event=event.model_dump(mode="json"))
    return desk.note(shows.ORDERS[action](desk.room, order, desk.now))


def answer(desk: Desk, kind: str, given: ShowAnswer | None, **fields: Any) -> str:
    wish = ShowWish.model_validate(
        {"id": "c-1", "kind": kind, "channel": "a/b", "by": "mod"} | fields
    )
    return desk.note(shows.answered(desk.room, wish, given, desk.now))


def planned(name: str = "Friday Horror", **fields: Any) -> ShowPlan:
    given = {"id": "c-1", "channel": "a/b", "name": name, "saved_list": "horror"}
    return ShowPlan.model_validate(given | {"clock": "20:00", "weekday": 4} | fields)


# -- asking ------------------------------------------------------------------------------------


def test_what_is_asked_is_noted_with_its_plan(desk: Desk) -> None:
    desk.room.settings = Settings(zone="Europe/Berlin", show_lead=600)
    assert ask(desk, "schedule", '"Friday Horror" every friday 20:00 list horror') == ""
    (wish,) = desk.room.wishes
    assert (wish.kind, wish.name, wish.by) == ("schedule_show", "Friday Horror", "mod")
    plan = wish.plan
    assert plan
    assert (plan.id, plan.channel, plan.saved_list) == (wish.id, desk.room.channel, "horror")
    assert (plan.zone, plan.lead, plan.early, plan.weekday) == ("Europe/Berlin", 600, 600, 4)


def test_what_is_asked_is_seen_to_in_order(desk: Desk) -> None:
    ask(desk, "schedule", "horror every friday 20:00 list horror")
    ask(desk, "schedule_cancel", "“Horror”")
    ask(desk, "schedule_now", "horror")
    ask(desk, "schedule", rank=0)
    kinds = [(wish.kind, wish.name) for wish in desk.room.wishes]
    assert kinds == [
        ("schedule_show", "horror"),
        ("cancel_show", "Horror"),
        ("start_show", "horror"),
        ("list_shows", ""),
    ]
    assert len({wish.id for wish in desk.room.wishes}) == 4


@pytest.mark.parametrize(
    ("action", "text"),
    [("schedule", "x friday 20:00 list y"), ("schedule_cancel", "x"), ("schedule_now", "x")],
)
def test_only_moderators_schedule(desk: Desk, action: str, text: str) -> None:
    refused = ask(desk, action, text, rank=1.5)
    assert refused == "Only moderators can schedule shows; !schedule alone lists them."
    assert not desk.room.wishes


def test_what_cannot_be_read_is_said_with_an_example(desk: Desk) -> None:
    assert ask(desk, "schedule", "x friday list y") == (
        "“friday” is no time like 20:00, friday 20:00, 2026-01-31 20:00 or in 2h. "
        'For example: !schedule "Friday Horror" friday 20:00 list horror'
    )
    assert ask(desk, "schedule_now", "") == "Which show? !schedule lists them."
    assert ask(desk, "schedule_cancel", "🎬") == (
        "A show's name needs letters or digits. Which show? !schedule lists them."
    )


def test_there_is_an_end_to_asking(desk: Desk) -> None:
    for _ in range(shows.MOST_WISHES):
        assert ask(desk, "schedule", rank=0) == ""
    assert ask(desk, "schedule", rank=0).startswith("❌ Too much is asked about shows at once")
    assert len(desk.room.wishes) == shows.MOST_WISHES


def test_orders_by_hand_without_ids_are_told_apart(desk: Desk) -> None:
    for name in ("x", "y"):
        order = Order(action="schedule_now", text=name)
        assert shows.ORDERS["schedule_now"](desk.room, order, desk.now) == Outcome()
    first, second = desk.room.wishes
    assert first.id != second.id


# -- answers -----------------------------------------------------------------------------------


def test_the_answers(desk: Desk) -> None:
    friday = datetime.fromisoformat("2026-05-01T18:00Z")
    weekly = Scheduled(plan=planned(zone="Europe/Berlin"), next=friday)
    made = ShowAnswer(shows=[weekly], films=5)
    assert answer(desk, "schedule_show", made) == (
        "🗓️ Friday Horror: every Friday 20:00 Europe/Berlin, first Friday 1 May 20:00, "
        "5 films of the list horror."
    )
    once = ShowAnswer(shows=[Scheduled(plan=planned(at=friday), next=friday)], films=1)
    assert answer(desk, "schedule_show", once) == (
        "🗓️ Friday Horror: Friday 1 May 18:00 UTC, 1 film of the list horror."
    )
    assert answer(desk, "cancel_show", made) == "🗓️ Friday Horror is cancelled."
    assert answer(desk, "start_show", made) == ""
    assert answer(desk, "start_show", ShowAnswer(problem="No.")) == "❌ No."
    assert answer(desk, "start_show", None).startswith("❌ That could not be done just now.")
    assert [name for name, _ in desk.events] == ["show_scheduled"] * 2 + ["show_cancelled"]
    assert desk.events[0][1] == {
        "name": "Friday Horror",
        "list": "horror",
        "by": "mod",
        "next": "2026-05-01T18:00:00+00:00",
    }


def test_the_list(desk: Desk) -> None:
    found = [
        Scheduled(plan=planned("a"), next=desk.now + timedelta(days=2, hours=4)),
        Scheduled(plan=planned("b", weekday=None), next=desk.now, paused=True),
        Scheduled(plan=planned("c", at="2026-01-01T20:00Z")),
        *(Scheduled(plan=planned(name), next=desk.now) for name in "defg"),
    ]
    lines = answer(desk, "list_shows", ShowAnswer(shows=found)).split("\n")
    assert lines[:3] == [
        "🗓️ a (list horror): every Friday 20:00 · next in 2 days 4 h",
        "🗓️ b (list horror): daily 20:00 · paused",
        "🗓️ c (list horror): Thursday 1 Jan 20:00 · its time has passed: !schedule cancel c",
    ]
    assert lines[5:] == ["… and 2 more."]
    assert answer(desk, "list_shows", ShowAnswer()).startswith("No shows are scheduled.")


# -- before it ---------------------------------------------------------------------------------


def test_before_a_show_only_moderators_add(desk: Desk) -> None:
    assert soon(desk) == (
        "🎬 Friday Horror begins in 15 min: 3 films of the list horror. "
        "Requests open again at 20:00."
    )
    desk.later(180)
    refused = "❌ A show is about to begin; requests open again in 12 min."
    assert desk.add("alice", "a2", rank=1.5) == refused
    assert desk.add("mod", "m1", rank=2).startswith("📺")
    known = {"items": [{"type": "yt", "id": "a3"}]}
    order = desk.order("load", "alice").model_copy(update={"event": known})
    assert "A show is about to begin" in desk.note(moves.load(desk.room, order, desk.now))
    assert desk.queue == ["b1", "c1", "m1", "b2"]


def test_a_show_that_never_comes_does_not_close_for_ever(desk: Desk) -> None:
    soon(desk)
    desk.later(15 * 60 + 59)
    assert desk.add("alice", "a2") == "❌ A show is about to begin; requests open again in 1 s."
    desk.later(1)
    assert desk.add("alice", "a2").startswith("📺")


def test_a_warning_without_films(desk: Desk) -> None:
    assert soon(desk, films=0) == (
        "🎬 Friday Horror begins in 15 min, but its list horror is empty or gone. "
        "!playlist save horror until then, please."
    )
    assert desk.add("alice", "a2").startswith("📺")
    assert soon(desk, films=None, minutes=1.4) == (
        "🎬 Friday Horror begins in 84 s: the list horror. Requests open again at 20:00."
    )
    assert soon(desk, films=1).startswith("🎬 Friday Horror begins in 15 min: 1 film of")


def test_a_warning_that_comes_too_late_is_nothing(desk: Desk) -> None:
    assert soon(desk, minutes=-2) == ""
    assert desk.room.lock is None


def test_only_its_own_end_opens_the_room(desk: Desk) -> None:
    soon(desk)
    answer(desk, "cancel_show", ShowAnswer(shows=[Scheduled(plan=planned("other"))]))
    assert desk.room.lock
    answer(desk, "cancel_show", ShowAnswer(shows=[Scheduled(plan=planned())]))
    assert desk.room.lock is None


# -- it begins ---------------------------------------------------------------------------------


def test_a_show_comes_first_in_its_order(desk: Desk) -> None:
    soon(desk)
    assert begin(desk, *FILMS) == "🎬 Friday Horror begins: 3 films, first h1."
    assert desk.queue == ["h1", "h2", "h3", "b1", "c1", "b2"]
    assert desk.room.playing
    assert desk.room.playing.media_id == "a1"
    assert {entry.added_by for entry in desk.room.queue[:3]} == {"mod"}
    assert desk.room.lock is None
    assert desk.happened("show_started") == [
        {"name": "Friday Horror", "list": "horror", "by": "mod", "items": 3}
    ]
    places = [data["position"] for data in desk.happened("item_added")]
    assert places == [1, 2, 3]
    assert [item.media_id for item in desk.room.news.added[-3:]] == list(FILMS)


def test_what_is_added_later_comes_after_the_show(desk: Desk) -> None:
    begin(desk, *FILMS)
    desk.add("dave", "d1")
    assert desk.queue[:3] == list(FILMS)
    assert desk.add("mod", "m1", rank=2, next=True).startswith("📺"), "a show is nobody's"
    assert desk.queue[:4] == ["m1", *FILMS]


def test_what_waits_already_is_moved(desk: Desk) -> None:
    """Of bob's films the next takes the turn of the one that the show has taken."""
    assert begin(desk, "h1", "b1", "h2").startswith("🎬 Friday Horror begins: 3 films")
    assert desk.queue == ["h1", "b1", "h2", "b2", "c1"]
    assert desk.room.queue[1].added_by == "bob"
    added = [data["position"] for data in desk.happened("item_added")]
    assert added == [1, 3]
    assert len({entry.id for entry in desk.room.queue}) == 5


@pytest.mark.parametrize(("duplicates", "shown"), [(False, ["h1"]), (True, ["h1", "h1"])])
def test_the_same_film_twice_in_a_list(desk: Desk, duplicates: bool, shown: list[str]) -> None:
    desk.room.settings.duplicates = duplicates
    begin(desk, "h1", "h1")
    assert desk.queue == [*shown, "b1", "c1", "b2"]


def test_what_is_on_is_not_shown_twice(desk: Desk) -> None:
    assert begin(desk, "a1", "h1") == "🎬 Friday Horror begins: 1 film: h1."
    assert desk.queue[0] == "h1"
    assert "a1" not in desk.queue
    assert begin(desk, "a1") == (
        "🎬 Friday Horror begins with what is on already. ▶️ a1 [1:00], added by alice"
    )


def test_a_show_waits_for_nobody(desk: Desk) -> None:
    """Neither for who scheduled it nor for whose film it took; nor is it over any limit."""
    desk.room.settings = Settings(max_queue=1, max_item_duration=60, park_after=60)
    desk.user("join", "mod")
    for name in ("mod", "bob"):
        desk.user("leave", name)
    begin(desk, "h1", "b1")
    assert people.next_parking(desk.room) == desk.now + timedelta(seconds=60)
    desk.later(61)
    aside = {entry.media_id for entry in desk.room.queue if entry.parked}
    assert aside == {"b2"}


def test_what_waited_aside_comes_with_the_show(desk: Desk) -> None:
    desk.user("leave", "bob")
    desk.later(10_000)
    assert desk.room.queue[0].parked
    begin(desk, "b1")
    desk.later(1)
    assert desk.queue[0] == "b1"
    assert not desk.room.queue[0].parked


def test_a_show_without_films_says_why(desk: Desk) -> None:
    soon(desk)
    assert begin(desk) == "🎬 Friday Horror cannot begin: its list horror is empty or gone."
    assert desk.room.lock is None
    assert begin(desk, problem="it is away.") == "🎬 Friday Horror cannot begin: it is away."
    assert begin(desk, "h1") == "🎬 Friday Horror begins: 1 film: h1."
    assert len(desk.happened("show_started")) == 1


@pytest.mark.parametrize("action", ["show_soon", "show"])
def test_nobody_else_tells_of_shows(desk: Desk, action: str) -> None:
    assert ask(desk, action, rank=1).startswith("Only moderators")
    assert desk.queue == ["b1", "c1", "b2"]


# -- settings ----------------------------------------------------------------------------------


def test_zones() -> None:
    assert Settings().zone == "UTC"
    assert Settings(zone="America/New_York").zone == "America/New_York"


@pytest.mark.parametrize("zone", ["", "Mars", "Europe", "/etc/passwd", "../x", "a\0b"])
def test_what_is_no_zone(zone: str) -> None:
    with pytest.raises(
        ValidationError, match="a time zone like Europe/Berlin or America/New_York, not "
    ):
        Settings(zone=zone)
