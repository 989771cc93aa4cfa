"""When shows are: by the clock of their room's zone, on nights of a clock change too. Pure.

A clock that spring skips is the one an hour later; of one that autumn has twice it is the first.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from rosey.contracts.shows import ShowPlan

# How much later than its time a show still begins.
LATE = timedelta(minutes=10)
_STEP = timedelta(minutes=15)
_NEAR = timedelta(hours=3)
_NOON = time(12)
_LOOK_AHEAD = 3_653  # days
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_ODD = re.compile(r"[^\w]+")


def slug(name: str) -> str:
    """The same for all spellings of a show's name, `friday-horror`; empty for what is none."""
    return _ODD.sub("-", name.casefold()).strip("-_")


def schedule_id(channel: str, name: str = "") -> str:
    """Of a room's show; without a name, how all of the room's begin."""
    return f"show:{channel}:{slug(name)}"


def early(clock: time, zone: str, lead: float, today: date) -> float:
    """How many seconds before the clock a repeated show's workflow starts: at least its lead.

    Up to some hours more where that is near a clock change on some night of the coming ten years:
    there Temporal's calendars miss a time or have it twice.
    """
    known = ZoneInfo(zone)
    nights = _changes(known, today)
    show = datetime.combine(today, clock)
    start = show - timedelta(seconds=lead)
    while any(_is_near(start.time(), night, known) for night in nights):
        start -= _STEP
    return (show - start).total_seconds()


def _changes(zone: ZoneInfo, today: date) -> list[date]:
    """The days of which noon is by another offset than the noon before."""
    days = [today + timedelta(days=number) for number in range(_LOOK_AHEAD)]
    offsets = [datetime.combine(day, _NOON, zone).utcoffset() for day in days]
    return [day for n, day in enumerate(days) if n and offsets[n] != offsets[n - 1]]


def _is_near(clock: time, night: date, zone: ZoneInfo) -> bool:
    """Whether the clock is changed around that time, in the evening before or on the day."""
    for day in (night - timedelta(days=1), night):
        moment = datetime.combine(day, clock, zone).astimezone(UTC)
        before, after = ((moment + near).astimezone(zone).utcoffset() for near in (-_NEAR, _NEAR))
        if before != after:
            return True
    return False


def next_moment(plan: ShowPlan, after: datetime) -> datetime | None:
    """When it begins next, in UTC; None when it was once and is over."""
    return next((moment for moment, _ in _moments(plan, after)), None)


def occurrence(plan: ShowPlan, now: datetime) -> datetime | None:
    """The moment for which a show was started just now; None when somebody wants it at once."""
    for moment, start in _moments(plan, now - LATE):
        return moment if now >= start - timedelta(minutes=1) else None
    return None


def _moments(plan: ShowPlan, after: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The next moment after that, and when its workflow starts."""
    before = timedelta(seconds=plan.early)
    if plan.at:
        if plan.at > after:
            yield plan.at, plan.at - before
        return
    zone = ZoneInfo(plan.zone)
    first = after.astimezone(zone).date() - timedelta(days=1)
    for number in range(10):
        day = first + timedelta(days=number)
        if plan.weekday not in (None, day.weekday()):
            continue
        moment = _utc(datetime.combine(day, plan.clock), zone)
        if moment > after:
            yield moment, _utc(datetime.combine(day, plan.clock) - before, zone)
            return


def start_of_week(plan: ShowPlan) -> tuple[int | None, time]:
    """The weekday (0: Monday; None: each) and wall clock at which a repeated show's starts."""
    wall = datetime.combine(date(2001, 1, 1), plan.clock) - timedelta(seconds=plan.early)
    back = (date(2001, 1, 1) - wall.date()).days
    return None if plan.weekday is None else (plan.weekday - back) % 7, wall.time()


def _utc(wall: datetime, zone: ZoneInfo) -> datetime:
    return wall.replace(tzinfo=zone).astimezone(UTC)


def clock_words(moment: datetime, zone: str) -> str:
    """By the room's clock: `20:00`."""
    return f"{moment.astimezone(ZoneInfo(zone)):%H:%M}"


def moment_words(moment: datetime, zone: str) -> str:
    """`Friday 1 May 20:00`, by the room's clock."""
    local = moment.astimezone(ZoneInfo(zone))
    day = f"{_DAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]}"
    return f"{day} {local:%H:%M}"


def plan_words(plan: ShowPlan) -> str:
    """`every Friday 20:00`, `daily 20:00`, or once: `Friday 1 May 20:00`."""
    if plan.at:
        return moment_words(plan.at, plan.zone)
    day = "daily" if plan.weekday is None else f"every {_DAYS[plan.weekday]}"
    return f"{day} {plan.clock:%H:%M}"
