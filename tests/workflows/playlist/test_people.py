"""What an absent person asked for waits aside and returns with him."""

from datetime import timedelta

from rosey.events import ConnectionEvent, User, UserEvent
from tests.workflows.playlist.platform import CHANNEL, ROSEY, START
from tests.workflows.playlist.room import Desk
from tests.workflows.playlist.scenes import made
from workflows.playlist import people


def aside(desk: Desk) -> list[str]:
    return [entry.media_id for entry in desk.room.queue if entry.parked]


def here(desk: Desk, *names: str) -> None:
    """Rosey comes into the room again, and finds these."""
    users = [User(name=name, rank=1) for name in (ROSEY, *names)]
    event = ConnectionEvent(id="u-2", channel=CHANNEL, at=desk.now, name=ROSEY, users=users)
    desk.hear("on_connection_up", event)


def filled(**options: object) -> Desk:
    desk = Desk(**options)  # type: ignore[arg-type]
    desk.add("alice", "a1")
    desk.add("bob", "b1")
    desk.add("alice", "a2")
    return desk


def test_after_some_minutes_it_waits_aside() -> None:
    desk = filled()
    desk.user("leave", "alice")
    desk.later(299)
    assert aside(desk) == []
    assert people.next_parking(desk.room) == desk.later(1)
    assert aside(desk) == ["a1", "a2"]
    assert people.next_parking(desk.room) is None
    desk.start()
    assert desk.room.playing
    assert desk.room.playing.media_id == "b1"


def test_it_returns_with_its_person() -> None:
    desk = filled()
    desk.user("leave", "alice")
    desk.later(600)
    desk.user("join", "Alice")
    desk.later(0)
    assert aside(desk) == []
    assert desk.queue == ["a1", "b1", "a2"]


def test_a_short_absence_changes_nothing() -> None:
    desk = filled()
    desk.user("leave", "alice")
    desk.later(200)
    desk.user("join", "alice")
    desk.later(3600)
    assert aside(desk) == []


def test_a_room_may_not_want_that() -> None:
    desk = filled(park=False)
    desk.user("leave", "alice")
    desk.later(3600)
    assert aside(desk) == []
    assert people.next_parking(desk.room) is None


def test_who_left_while_rosey_was_away_is_absent_from_then_on() -> None:
    desk = filled()
    desk.later(1000)
    here(desk, "bob")
    desk.later(299)
    assert aside(desk) == []
    desk.later(1)
    assert aside(desk) == ["a1", "a2"]


def test_the_vote_of_who_left_while_rosey_was_away_is_gone() -> None:
    desk = filled()
    desk.start()
    desk.ask("vote", "bob")
    here(desk, "alice", "carol", "dave")
    assert desk.room.votes.cast == {}


def test_those_who_watch() -> None:
    desk = Desk()
    assert people.watching(desk.room) == 4
    desk.user("leave", "alice")
    desk.user("update", "bob", afk=True)
    assert people.watching(desk.room) == 2


def test_those_who_left_long_ago_are_forgotten() -> None:
    desk = filled()
    desk.user("leave", "alice")
    for number in range(people.MOST_AWAY + 10):
        desk.user("join", f"guest{number}")
        desk.user("leave", f"guest{number}")
    away = [key for key, each in desk.room.people.items() if each.away_since]
    assert len(away) == people.MOST_AWAY + 1
    assert "alice" in away


def test_nobody_is_parked_twice_or_told_of() -> None:
    desk = filled()
    desk.user("leave", "alice")
    before = len(desk.events)
    desk.later(600)
    desk.user("join", "alice")
    desk.later(0)
    assert len(desk.events) == before


def test_what_somebody_put_on_the_list_himself_stays_there() -> None:
    there = made()
    there.join(users=("dave",))
    there.queue("dave", "d1")
    there.queue("dave", "d2")
    there.settle()
    people.left(there.room, UserEvent(id="u", channel=CHANNEL, at=START, user=User(name="dave")))
    there.now = START + timedelta(hours=1)
    assert people.next_parking(there.room) is None
    there.settle()
    assert [item.media.id for item in there.items] == ["d1", "d2"]
    assert not any(entry.parked for entry in there.room.queue)
