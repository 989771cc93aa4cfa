"""When shows are, on nights of a clock change too."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rosey.contracts.shows import ShowPlan
from rosey.shows import (
    LATE,
    clock_words,
    early,
    moment_words,
    next_moment,
    occurrence,
    plan_words,
    schedule_id,
    slug,
    start_of_week,
)
from tests.vectors import ids, load

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"]
SUMMER = {"Europe/Berlin": date(2026, 3, 29), "America/New_York": date(2026, 3, 8)}
WINTER = {"Europe/Berlin": date(2026, 10, 25), "America/New_York": date(2026, 11, 1)}
NEXT = [v for v in load("countdown_next_occurrence", "rule") if "monthly" not in v["in"]["rule"]]
CLOCKS = st.times().map(lambda clock: clock.replace(microsecond=0))
LEADS = st.sampled_from([0, 60, 900, 3600, 7200, 86_400])


def planned(clock: time, zone: str = "UTC", lead: float = 900, weekday: int | None = None) -> Any:
    before = early(clock, zone, lead, date(2026, 1, 1))
    return ShowPlan(
        id="c-1",
        channel="lounge/lobby",
        name="Friday Horror",
        saved_list="horror",
        zone=zone,
        lead=lead,
        early=before,
        clock=clock,
        weekday=weekday,
    )


def moments(plan: ShowPlan, since: date, until: date) -> list[datetime]:
    """All of them, as the room's clock shows them."""
    zone = ZoneInfo(plan.zone)
    found, at = [], datetime.combine(since, time(), zone).astimezone(UTC)
    while (moment := next_moment(plan, at)) and moment.astimezone(zone).date() < until:
        found.append(moment)
        at = moment
    return found


def starts(plan: ShowPlan, since: date, days: int) -> list[datetime]:
    """When Temporal starts it: at each moment of which the wall clock matches its calendar."""
    weekday, clock = start_of_week(plan)
    zone = ZoneInfo(plan.zone)
    found = []
    for number in range(days):
        day = since + timedelta(days=number)
        if weekday in (None, day.weekday()):
            both = {datetime.combine(day, clock, zone).replace(fold=fold) for fold in (0, 1)}
            utc = {each.astimezone(UTC) for each in both}
            found += sorted(at for at in utc if at.astimezone(zone).time() == clock)
    return found


@pytest.mark.parametrize("vector", NEXT, ids=ids(NEXT))
def test_next_occurrence_vectors(vector: dict[str, Any]) -> None:
    kind, clock, weekday, _ = vector["in"]["rule"].split("|")
    plan = planned(time.fromisoformat(clock), weekday=int(weekday) if kind == "weekly" else None)
    after = datetime.fromisoformat(vector["in"]["after"])
    assert next_moment(plan, after) == datetime.fromisoformat(vector["out"]["next"])


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
def test_a_weekly_show_stays_at_its_clock_all_year(zone: str) -> None:
    plan = planned(time(20), zone, weekday=4)
    found = moments(plan, date(2026, 1, 1), date(2027, 1, 1))
    assert len(found) == 52
    local = [each.astimezone(ZoneInfo(zone)) for each in found]
    assert {(each.weekday(), each.time()) for each in local} == {(4, time(20))}
    assert len({each.utcoffset() for each in local}) == 2


@pytest.mark.parametrize("zone", SUMMER)
def test_a_show_in_the_hour_that_spring_skips_is_once_that_night(zone: str) -> None:
    night = SUMMER[zone]
    plan = planned(time(2, 30), zone)
    (moment,) = moments(plan, night, night + timedelta(days=1))
    assert moment.astimezone(ZoneInfo(zone)).time() == time(3, 30)
    started = starts(plan, night - timedelta(days=1), 3)
    assert len(started) == 3
    assert [occurrence(plan, at) for at in started].count(moment) == 1


@pytest.mark.parametrize(("zone", "clock"), [("Europe/Berlin", "02:30"), (ZONES[2], "01:30")])
def test_a_show_in_the_hour_that_autumn_has_twice_is_once_that_night(zone: str, clock: str) -> None:
    night = WINTER[zone]
    plan = planned(time.fromisoformat(clock), zone)
    (moment,) = moments(plan, night, night + timedelta(days=1))
    local = moment.astimezone(ZoneInfo(zone))
    assert (f"{local:%H:%M}", local.fold) == (clock, 0)
    started = starts(plan, night - timedelta(days=1), 3)
    assert len(started) == 3
    assert [occurrence(plan, at) for at in started].count(moment) == 1


@given(CLOCKS, st.sampled_from(ZONES), LEADS, st.sampled_from([None, *range(7)]))
def test_each_start_is_for_a_show_of_its_own(
    clock: time, zone: str, lead: float, weekday: int | None
) -> None:
    """No show is missed and none begins twice, whatever the zone's clocks do."""
    plan = planned(clock, zone, lead, weekday)
    assert plan.early >= lead
    first, last = date(2026, 2, 1), date(2026, 12, 1)
    begun = Counter(occurrence(plan, at) for at in starts(plan, first, (last - first).days))
    assert None not in begun
    assert set(begun.values()) == {1}
    wanted = moments(plan, first + timedelta(days=9), last - timedelta(days=9))
    assert wanted
    assert set(wanted) <= set(begun)


@given(CLOCKS, st.sampled_from(ZONES), st.datetimes(datetime(2026, 1, 1), datetime(2036, 1, 1)))
def test_what_is_next_comes_later_and_within_two_days(
    clock: time, zone: str, naive: datetime
) -> None:
    now = naive.replace(tzinfo=UTC)
    moment = next_moment(planned(clock, zone, 0), now)
    assert moment
    assert now < moment <= now + timedelta(hours=26)


def test_a_show_that_is_started_at_another_time_is_wanted_at_once() -> None:
    plan = planned(time(20), weekday=4)
    friday = datetime(2026, 5, 1, 20, tzinfo=UTC)
    assert occurrence(plan, friday - timedelta(days=2)) is None
    assert occurrence(plan, friday - timedelta(minutes=17)) is None
    assert occurrence(plan, friday - timedelta(minutes=15)) == friday
    assert occurrence(plan, friday + LATE - timedelta(seconds=1)) == friday
    assert occurrence(plan, friday + LATE) is None


def test_a_show_for_once() -> None:
    at = datetime(2026, 5, 1, 20, tzinfo=UTC)
    plan = planned(time(0)).model_copy(update={"at": at, "early": 900.0})
    assert next_moment(plan, at - timedelta(days=9)) == at
    assert next_moment(plan, at) is None
    assert occurrence(plan, at - timedelta(minutes=15)) == at
    assert occurrence(plan, at - timedelta(hours=1)) is None
    assert occurrence(plan, at + timedelta(hours=1)) is None


@pytest.mark.parametrize(
    ("clock", "lead", "start"),
    [
        (time(20), 900, (4, time(19, 45))),
        (time(0, 5), 900, (3, time(22, 50))),
        (time(20), 86_400, (3, time(20))),
        (time(2, 30), 0, (3, time(22, 45))),
        (time(6, 15), 900, (4, time(6, 0))),
    ],
)
def test_when_its_workflow_starts(clock: time, lead: float, start: tuple[int, time]) -> None:
    assert start_of_week(planned(clock, "Europe/Berlin", lead, weekday=4)) == start


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("Friday Horror", "friday-horror"),
        (" FRIDAY   horror! ", "friday-horror"),
        ("Кино ночь", "кино-ночь"),
        ("🎬", ""),
        ("a/b:c", "a-b-c"),
    ],
)
def test_names_in_ids(name: str, kept: str) -> None:
    assert slug(name) == kept
    assert schedule_id("lounge/lobby", name) == f"show:lounge/lobby:{kept}"


def test_in_words() -> None:
    at = datetime(2026, 5, 1, 18, tzinfo=UTC)
    assert clock_words(at, "Europe/Berlin") == "20:00"
    assert moment_words(at, "Europe/Berlin") == "Friday 1 May 20:00"
    assert plan_words(planned(time(20), weekday=4)) == "every Friday 20:00"
    assert plan_words(planned(time(9, 5))) == "daily 09:05"
    once = planned(time(0), "Europe/Berlin").model_copy(update={"at": at})
    assert plan_words(once) == "Friday 1 May 20:00"
