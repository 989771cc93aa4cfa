"""A room's shows as Schedules of a real Temporal server."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from temporalio.client import ScheduleActionStartWorkflow, ScheduleOverlapPolicy
from temporalio.client import WorkflowExecutionStatus as Status
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from activities.playlist import schedules
from activities.playlist.schedules import MEMO
from rosey.contracts.shows import ShowCall, ShowPlan
from rosey.contracts.storage import Code
from rosey.shows import early, occurrence
from tests.activities.playlist.screening import Screening, opened
from tests.temporal_servers import dev_server

PATIENCE = 30.0
DAYS = range(7, 400)
WEEKLY = '"Friday Horror" every friday 20:00 list horror'


@pytest.fixture
async def room() -> AsyncIterator[Screening]:
    async with dev_server() as environment, opened(environment) as screening:
        await screening.save("horror", "Halloween", "Alien")
        yield screening


async def until(condition: Callable[[], Awaitable[object]], what: str) -> None:
    """Waits until it gives something."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while not await condition():
        assert asyncio.get_running_loop().time() < deadline, f"waited in vain: {what}"
        await asyncio.sleep(0.05)


async def is_gone(room: Screening, name: str = "friday-horror") -> bool:
    try:
        await room.schedule(name).describe()
    except RPCError as problem:
        if problem.status is not RPCStatusCode.NOT_FOUND:
            raise
        return True
    return False


async def test_a_show_is_scheduled_as_the_ui_shows_it(room: Screening) -> None:
    said = await room.said("schedule", WEEKLY, zone="Europe/Berlin")
    assert said.startswith("🗓️ Friday Horror: every Friday 20:00 Europe/Berlin, first Friday ")
    assert said.endswith(" 20:00, 2 films of the list horror.")
    described = await room.schedule().describe()
    schedule = described.schedule
    assert schedule.spec.time_zone_name == "Europe/Berlin"
    (calendar,) = schedule.spec.calendars
    assert [calendar.day_of_week[0].start, calendar.hour[0].start, calendar.minute[0].start] == [
        5,
        19,
        45,
    ]
    assert schedule.policy.overlap is ScheduleOverlapPolicy.SKIP
    assert schedule.policy.catchup_window == timedelta(minutes=25)
    assert schedule.state.note == (
        "Friday Horror: every Friday 20:00 (Europe/Berlin), the list horror; scheduled by mod"
    )
    assert isinstance(schedule.action, ScheduleActionStartWorkflow)
    assert schedule.action.workflow == "Show"
    plan = await described.memo_value(MEMO, type_hint=ShowPlan)
    assert (plan.name, plan.saved_list, plan.by) == ("Friday Horror", "horror", "mod")
    events = [data for name, data in room.theatre.events if name == "show_scheduled"]
    assert [(each["name"], each["list"], each["by"]) for each in events] == [
        ("Friday Horror", "horror", "mod")
    ]


async def test_shows_are_listed_with_their_next_time(room: Screening) -> None:
    assert (await room.said("schedule")).startswith("No shows are scheduled.")
    await room.said("schedule", WEEKLY)
    await room.said("schedule", "matinee daily 15:00 list horror")

    async def both() -> list[str]:
        await room.said("schedule")
        lines = room.theatre.lines[-2:]
        return lines if all(line.startswith("🗓️") for line in lines) else []

    await until(both, "the list follows a little later")

    async def listed() -> list[str]:
        count = len(room.theatre.lines)
        await room.said("schedule")
        return room.theatre.lines[count:]

    lines = await listed()
    assert lines[0].startswith("🗓️ matinee (list horror): daily 15:00 · next in ")
    assert lines[1].startswith("🗓️ Friday Horror (list horror): every Friday 20:00 · next in ")
    await room.schedule("matinee").pause(note="holidays")

    async def paused() -> bool:
        return (await listed())[0].endswith("daily 15:00 · paused")

    await until(paused, "somebody has paused it")


async def test_what_cannot_be_scheduled_is_said(room: Screening) -> None:
    gone = await room.said("schedule", "x friday 20:00 list nowhere")
    assert gone == "❌ There is no list nowhere. !playlist lists shows which there are."
    assert "1 to 50 letters" in await room.said("schedule", "x friday 20:00 list ../x")
    await room.said("schedule", WEEKLY)
    again = await room.said("schedule", '"friday horror!" daily 21:00 list horror')
    assert again == (
        "❌ There is a show Friday Horror already, every Friday 20:00. "
        "!schedule cancel Friday Horror first."
    )
    (calendar,) = (await room.schedule().describe()).schedule.spec.calendars
    assert calendar.hour[0].start == 19
    room.lists.away = True
    assert "the database is away" in await room.said("schedule", "x friday 20:00 list horror")
    assert await is_gone(room, "x")


async def test_a_try_that_comes_again_makes_it_once(room: Screening) -> None:
    plan = room.plan(clock="20:00", weekday=4)
    first = await room.act("schedule_show", room.wish("schedule_show", plan))
    again = await room.act("schedule_show", room.wish("schedule_show", plan))
    assert first.problem == again.problem == ""
    other = room.wish("schedule_show", plan.model_copy(update={"id": "c-2"}))
    assert "already" in (await room.act("schedule_show", other)).problem


async def test_a_cancelled_show_is_gone(room: Screening) -> None:
    assert await room.said("schedule_cancel", "Friday Horror") == (
        "❌ There is no show Friday Horror. !schedule lists them."
    )
    await room.said("schedule", WEEKLY)
    assert await room.said("schedule_cancel", "“friday horror”") == (
        "🗓️ Friday Horror is cancelled."
    )
    assert await is_gone(room)
    assert [name for name, _ in room.theatre.events] == ["show_scheduled", "show_cancelled"]


async def test_a_show_that_is_wanted_now_begins(room: Screening) -> None:
    await room.said("schedule", WEEKLY)
    await room.order("schedule_now", "friday horror")
    await room.begins(2)
    await until(room.shows, "it stands in the UI")
    ((show, _),) = await room.shows()
    assert show.startswith(f"show:{room.channel}:friday-horror-")
    assert (await room.result(show)).startswith("Friday Horror began ")
    assert not await is_gone(room), "it comes again on friday"
    assert await room.theatre.queue() == ["Halloween", "Alien"]
    started = [data for name, data in room.theatre.events if name == "show_started"]
    assert [data["items"] for data in started] == [2]


async def test_a_show_in_a_moment_is_started_at_once_and_waits(room: Screening) -> None:
    said = await room.said("schedule", '"Friday Horror" in 5s list horror', show_lead=0)
    assert said.startswith("🗓️ Friday Horror: ")
    await room.begins(2)
    await until(lambda: is_gone(room), "it was for once")


async def test_people_cannot_add_before_a_show(room: Screening) -> None:
    await room.said("schedule", '"Friday Horror" in 5m list horror', show_lead=600)
    await room.theatre.until_said(2)
    assert room.theatre.lines[1].startswith("🎬 Friday Horror begins in 5 min: 2 films of the list")
    refused = await room.theatre.order("add", user="bob", rank=1, text="b1")
    assert refused.say == ["❌ A show is about to begin; requests open again in 5 min."]
    # Wanted at once, the one that waits begins: no other is started.
    await room.order("schedule_now", "Friday Horror")
    await room.begins(3)
    await until(lambda: is_gone(room), "it was for once")
    assert len(await room.shows()) == 1
    assert (await room.theatre.order("add", user="bob", rank=1, text="b1")).empty


async def test_a_show_that_is_cancelled_before_its_time_lets_people_add(room: Screening) -> None:
    await room.said("schedule", '"Friday Horror" in 5m list horror', show_lead=600)
    await room.theatre.until_said(2)
    assert await room.said("schedule_cancel", "Friday Horror") == "🗓️ Friday Horror is cancelled."
    assert (await room.theatre.order("add", user="bob", rank=1, text="b1")).empty

    async def ended() -> bool:
        return [status for _, status in await room.shows()] == [Status.CANCELED]

    await until(ended, "it does not begin any more")
    assert await is_gone(room)


async def test_a_show_for_once_later_is_an_action_of_its_schedule(room: Screening) -> None:
    at = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    plan = room.plan(at=at, zone="America/New_York")
    answer = await room.act("schedule_show", room.wish("schedule_show", plan))
    assert answer.shows[0].next == at
    described = await room.schedule().describe()
    assert described.schedule.state.remaining_actions == 1
    assert list(described.info.next_action_times) == [at - timedelta(minutes=15)]
    other = plan.model_copy(update={"id": "c-2"})
    await room.act("remove_show", other)
    assert not await is_gone(room), "another show of that name stays"
    await room.act("remove_show", plan)
    await room.act("remove_show", plan)
    assert await is_gone(room)


async def test_its_schedule_starts_a_show_by_itself(
    room: Screening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the next seconds, by a calendar: nothing of ours is asked to."""
    monkeypatch.setattr(schedules, "SOON", timedelta(0))
    at = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=10)
    plan = room.plan(at=at, lead=0, early=1)
    await room.act("schedule_show", room.wish("schedule_show", plan))
    assert (await room.schedule().describe()).schedule.spec.calendars
    await room.begins(1)
    assert datetime.now(UTC) >= at


async def test_a_warning_needs_no_database_and_a_show_waits_for_it(room: Screening) -> None:
    await room.said("schedule", '"Friday Horror" in 5m list horror', show_lead=0)
    at = datetime.now(UTC)
    call = ShowCall(plan=room.plan(zone="Europe/Berlin"), begins=at + timedelta(minutes=15))
    room.lists.away = True
    await room.tell("warn_of_show", call)
    await room.theatre.until_said(2)
    assert ": the list horror. Requests open again at " in room.theatre.lines[1]
    with pytest.raises(ApplicationError, match="not read yet"):
        await room.tell("begin_show", call)
    await room.tell("begin_show", call, at - timedelta(hours=1))
    await room.theatre.until_said(3)
    assert room.theatre.lines[2].startswith("🎬 Friday Horror cannot begin: the saved lists could")


async def test_a_list_that_nobody_can_read_is_no_reason_to_wait(room: Screening) -> None:
    room.lists.client._ask = refusing
    await room.tell("begin_show", ShowCall(plan=room.plan(), begins=datetime.now(UTC)))
    await room.theatre.until_said(1)
    assert room.theatre.lines == [
        "🎬 Friday Horror cannot begin: its list cannot be read: No such table."
    ]


async def refusing(kind: str, op: str, request: bytes, patience: float) -> bytes:
    problem = {"code": Code.NOT_FOUND, "message": "No such table."}
    return json.dumps({"success": False, "error": problem}).encode()


async def test_an_order_that_is_told_again_counts_once(room: Screening) -> None:
    call = ShowCall(plan=room.plan(), begins=datetime.now(UTC))
    await room.tell("begin_show", call)
    await room.tell("begin_show", call)
    await room.begins(1)
    await room.said("schedule")
    assert await room.theatre.queue() == ["Halloween", "Alien"]
    assert len(room.theatre.lines) == 2


async def test_a_playlist_that_is_not_there_is_started(room: Screening) -> None:
    assert room.theatre.handle
    await room.theatre.handle.terminate("gone")
    await room.tell("begin_show", ShowCall(plan=room.plan(), begins=datetime.now(UTC)))
    await room.begins(1)


def changes(zone: str) -> list[date]:
    """The next two days of which the nights are longer or shorter."""
    noon = [datetime.combine(date.today() + timedelta(n), time(12), ZoneInfo(zone)) for n in DAYS]
    return [b.date() for a, b in pairwise(noon) if a.utcoffset() != b.utcoffset()][:2]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Europe/London"])
@pytest.mark.parametrize("clock", ["00:30", "01:30", "02:30", "03:10", "06:15"])
async def test_temporal_starts_one_show_on_nights_of_a_clock_change(
    room: Screening, zone: str, clock: str
) -> None:
    """By its own calendars, which are wrong there: so it is started some hours before."""
    for night in changes(zone):
        before = early(time.fromisoformat(clock), zone, 900, date.today())
        plan = room.plan(clock=clock, zone=zone, early=before)
        schedule = schedules.schedule_of(plan, room.queue, datetime.now(UTC))
        since = datetime.combine(night - timedelta(days=4), time(12), ZoneInfo(zone))
        schedule.spec.start_at = since.astimezone(UTC)
        handle = await room.client.create_schedule(f"{room.channel}-{night}", schedule)
        starts = (await handle.describe()).info.next_action_times
        begun = [occurrence(plan, at) for at in starts]
        days = [at and at.astimezone(ZoneInfo(zone)).date() for at in begun]
        assert days == [night + timedelta(days=n) for n in range(-3, -3 + len(starts))]
        assert len(starts) > 4
