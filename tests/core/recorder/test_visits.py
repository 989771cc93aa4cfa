"""Time connected: what Rosey saw and no more, however often and in whatever batches it comes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from core.recorder.facts import Fact
from core.recorder.ledger import Ledger
from rosey.storage.room import UserStats
from tests.core.recorder.happenings import ROOM, at, came, changed, down, left, line, plays, up
from tests.room_database import RoomDatabase

PEOPLE = ("ann", "bob", "cat")


async def written(*batches: Sequence[Fact]) -> RoomDatabase:
    database = RoomDatabase()
    ledger = Ledger(database.client, lambda: 90)
    for batch in batches:
        await ledger.write(batch)
    return database


def person(database: RoomDatabase, name: str) -> UserStats:
    [row] = database.rows("users", name_key=name)
    return UserStats.model_validate(row)


async def test_a_visit_lasts_from_coming_to_leaving() -> None:
    database = await written([up(0)], [came("bob", 10), left("bob", 70.5), came("bob", 100)])
    bob = person(database, "bob")
    assert (bob.seconds_connected, bob.online_since) == (60.5, at(100))
    assert (bob.first_seen, bob.last_seen) == (at(10), at(100))


async def test_those_who_are_there_already_are_seen_from_then_on() -> None:
    database = await written([up(5, ["Ann"])], [left("ann", 15)])
    assert person(database, "ann").seconds_connected == 10


async def test_rosey_is_no_guest_of_her_own() -> None:
    database = await written([up(0, ["ann"])], [came("rosey", 1), left("ROSEY", 2)])
    assert [row["username"] for row in database.rows("users")] == ["ann"]
    assert database.rows("channels")[0]["users"] == 1


async def test_everybody_s_visit_ends_when_rosey_loses_the_room() -> None:
    database = await written([up(0, ["ann"]), came("bob", 20)], [down(60)])
    assert person(database, "ann").seconds_connected == 60
    assert person(database, "bob").seconds_connected == 40
    assert person(database, "bob").online_since is None
    assert person(database, "bob").last_seen == at(60)


async def test_after_a_crash_visits_end_with_the_last_thing_rosey_heard() -> None:
    """Lines do not count: they bear the platform's time, and some are told when she is back."""
    heard = [up(0, ["ann", "bob"]), plays("a film", 30), line("hello", seconds=50)]
    database = await written(heard, [up(1000, ["ann"])])
    assert person(database, "ann").seconds_connected == 30
    assert person(database, "ann").online_since == at(1000)
    assert person(database, "bob").seconds_connected == 30
    assert person(database, "bob").online_since is None
    # A line of later is a later sign of life.
    assert person(database, "bob").last_seen == at(50)


async def test_a_clock_that_was_set_back_takes_nothing_away() -> None:
    database = await written([up(100, ["ann"])], [left("ann", 40)], [down(50)], [up(200)])
    ann = person(database, "ann")
    assert (ann.seconds_connected, ann.online_since) == (0, None)


async def test_coming_twice_is_coming_once() -> None:
    database = await written([up(0), came("bob", 10)], [came("bob", 20)], [left("bob", 30)])
    assert person(database, "bob").seconds_connected == 20


async def test_a_change_of_rank_is_no_coming() -> None:
    bob = came("bob", 1).event.user  # type: ignore[union-attr]
    database = await written([up(0), changed(bob, 1)])
    assert database.rows("users") == []


async def test_a_full_room_is_written_in_parts() -> None:
    crowd = [f"guest{number}" for number in range(450)]
    database = await written([up(0, crowd)], [down(10)])
    assert max(database.batches) <= 400
    assert {row["seconds_connected"] for row in database.rows("users")} == {10}
    assert database.rows("channels")[0]["peak_users"] == 450


async def test_a_batch_that_goes_halfway_through_a_full_room_is_finished_later() -> None:
    database = RoomDatabase()
    ledger = Ledger(database.client, lambda: 90)
    crowd = [f"guest{number}" for number in range(450)]
    await ledger.write([up(0, crowd)])

    def fall() -> None:
        raise ConnectionAbortedError

    database.after_batch = fall
    try:
        await ledger.write([up(60, crowd[:10])])
    except ConnectionAbortedError:
        database.after_batch = lambda: None
    await ledger.write([up(60, crowd[:10])])
    # The last thing heard was the first entry.
    assert {row["seconds_connected"] for row in database.rows("users")} == {0}
    online = {row["name_key"] for row in database.rows("users") if row["online_since"]}
    assert online == set(crowd[:10])


# -- whatever happens --------------------------------------------------------------------------


@dataclass
class Model:
    """The same in plain words, each event once and in order."""

    seconds: dict[str, float] = field(default_factory=dict)
    since: dict[str, datetime] = field(default_factory=dict)
    heard: datetime | None = None

    def take(self, fact: Fact) -> None:
        event: Any = fact.event
        match fact.kind:
            case "up":
                for name in list(self.since):
                    self._end(name, self.heard or event.at)
                for user in event.users[1:]:
                    self.since[user.name] = event.at
            case "down":
                for name in list(self.since):
                    self._end(name, event.at)
            case "join":
                self.since.setdefault(event.user.name, event.at)
            case "leave" if event.user.name in self.since:
                self._end(event.user.name, event.at)
        self.heard = event.at

    def _end(self, name: str, end: datetime) -> None:
        lasted = (end - self.since.pop(name)).total_seconds()
        self.seconds[name] = self.seconds.get(name, 0.0) + lasted


@st.composite
def stories(draw: st.DrawFn) -> list[Fact]:
    """Sessions of Rosey in which people come and go; some end without a word."""
    facts: list[Fact] = []
    now = 0.0

    def later() -> float:
        nonlocal now
        now += draw(st.integers(1, 500_000)) / 1000
        return now

    for _ in range(draw(st.integers(1, 4))):
        facts.append(up(later(), draw(st.sets(st.sampled_from(PEOPLE)))))
        for name, comes in draw(
            st.lists(st.tuples(st.sampled_from(PEOPLE), st.booleans()), max_size=8)
        ):
            facts.append(came(name, later()) if comes else left(name, later()))
        if draw(st.booleans()):
            facts.append(down(later()))
    return facts


@settings(max_examples=120, deadline=None)
@given(stories(), st.data())
async def test_any_story_told_in_any_pieces_and_repeated_counts_once(
    facts: list[Fact], data: st.DataObject
) -> None:
    model = Model()
    for fact in facts:
        model.take(fact)
    database = RoomDatabase()
    ledger = Ledger(database.client, lambda: 90)
    told = 0
    while told < len(facts):
        fresh = data.draw(st.integers(1, 5), "fresh")
        again = data.draw(st.sets(st.integers(0, max(0, told - 1)), max_size=6), "again")
        repeated = [facts[place] for place in sorted(again) if place < told]
        await ledger.write([*repeated, *facts[told : told + fresh]])
        told += fresh
    stayed = sum(person.seconds_connected for person in _people(database))
    assert stayed <= (facts[-1].event.at - at(0)).total_seconds() * len(PEOPLE)  # type: ignore[union-attr]
    for each in _people(database):
        assert abs(each.seconds_connected - model.seconds.get(each.username, 0.0)) < 1e-6
        assert each.online_since == model.since.get(each.username)
    assert len(database.rows("actions")) == len(facts)


def _people(database: RoomDatabase) -> list[UserStats]:
    assert all(row["channel"] == ROOM for row in database.rows("users"))
    return [UserStats.model_validate(row) for row in database.rows("users")]
