"""What is old goes, in small steps; people's statistics stay."""

import asyncio
from datetime import timedelta

import pytest

from core.recorder import retention
from core.recorder.ledger import Ledger
from core.recorder.retention import forget_old, sweep
from rosey import clock
from tests.core.recorder.happenings import at, came, line, to_say, up, was_said
from tests.room_database import RoomDatabase
from tests.servers import until

DAY = 86_400


async def full() -> RoomDatabase:
    """Of each kind something of the first day and of the hundredth."""
    database = RoomDatabase()
    ledger = Ledger(database.client, lambda: 90)
    for day in (0, 100):
        begin = day * DAY
        await ledger.write([up(begin), came("bob", begin + 1), line("hi", seconds=begin + 2)])
        await ledger.write([was_said(f"r-{day}", begin + 3), to_say(f"r-{day}", "hi")])
    return database


async def test_only_what_is_old_goes() -> None:
    database = await full()
    assert await sweep(database.client, 90, at(101 * DAY)) == 1 + 2 + 1 + 1
    assert [row["sent_at"] for row in database.rows("chat")] == [at(100 * DAY + 2)]
    assert {row["at"] for row in database.rows("actions")} == {at(100 * DAY), at(100 * DAY + 1)}
    assert [row["action_id"] for row in database.rows("outbound")] == ["r-100"]
    assert len(database.rows("user_counts")) == 1
    assert database.rows("users")[0]["lines"] == 2
    assert await sweep(database.client, 90, at(101 * DAY)) == 0


async def test_with_no_days_nothing_stays_of_what_was_said() -> None:
    database = await full()
    await sweep(database.client, 0, at(101 * DAY))
    assert not any(database.rows(table) for table in ("chat", "actions", "outbound"))
    assert len(database.rows("users")) == 1


async def test_much_goes_in_small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "STEP", 10)
    monkeypatch.setattr(retention, "BREATH", 0.0)
    database = RoomDatabase()
    ledger = Ledger(database.client, lambda: 90)
    await ledger.write([line(f"line {number}", seconds=number) for number in range(95)])
    assert await sweep(database.client, 90, at(91 * DAY)) == 95
    assert database.most_deleted == 10


async def test_it_goes_on_after_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "AGAIN", 0.01)
    monkeypatch.setattr(retention, "EVERY", 0.02)
    monkeypatch.setattr(clock, "now", lambda: at(0) + timedelta(days=365))
    database = await full()
    database.away = True
    days = 1000
    task = asyncio.create_task(forget_old(database.client, lambda: days))
    asked = len(database.asked)
    await until(lambda: len(database.asked) > asked + 2)
    database.away = False
    await until(lambda: not database.rows("user_counts"))
    assert len(database.rows("chat")) == 2
    days = 300
    await until(lambda: len(database.rows("chat")) == 1)
    task.cancel()
