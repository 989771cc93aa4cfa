"""From the streams to the tables: all of it, once, whatever happens on the way."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from rosey import streams, subjects
from rosey.bus import Delivery
from rosey.contracts.storage import Code, Row
from rosey.events import Message
from rosey.storage import StorageError
from tests.core.recorder.desk import Desk, Died, Mortal, is_alive
from tests.core.recorder.happenings import (
    ROOM,
    came,
    down,
    id_of,
    left,
    line,
    plays,
    to_say,
    up,
    was_said,
)
from tests.room_database import RoomDatabase
from tests.servers import until

STORY = [
    up(0, ["ann"]),
    line("hello", seconds=1),
    came("bob", 2),
    line("hi", user="ann", seconds=3),
    to_say("r-1-0", "welcome"),
    was_said("r-1-0", 4),
    line("welcome", user="Rosey", seconds=4, own=True),
    left("ann", 5),
    plays("A film", 6),
    came("ann", 7),
    down(10),
    up(20, ["bob"]),
    line("still here", seconds=21),
    left("bob", 25),
]


def contents(database: RoomDatabase) -> dict[str, list[Row]]:
    """Without what depends on when and with how much else it was written."""
    return {
        table: [
            {
                name: value
                for name, value in row.items()
                if (table, name) != ("outbound", "at")
                and not (table == "channels" and name.startswith("peak"))
            }
            for row in rows
        ]
        for table, rows in database.tables.items()
        if table != "user_counts"
    }


async def test_what_happens_is_written(desk: Desk) -> None:
    database = await desk.record(STORY)
    assert len(database.rows("chat")) == 4
    assert {row["username"]: row["seconds_connected"] for row in database.rows("users")} == {
        "ann": 5 + 3,
        "bob": 8 + 5,
    }
    assert len(database.rows("actions")) == 8
    assert [row["text"] for row in database.rows("outbound")] == ["welcome"]
    assert database.rows("channels")[0]["lines"] == 3
    assert not desk.dead_letters


async def test_private_lines_never_reach_it(desk: Desk) -> None:
    for spec in (streams.recorded_events(), streams.recorded_sends()):
        assert not any(subjects.matches(subject, subjects.PM) for subject in spec.subjects)
    await desk.tell(line("a secret", pm=True), to_say("r-2-0", "a secret", kind="pm"))
    await desk.record([was_said("r-2-0", 1, kind="pm"), line("public")])
    assert [row["text"] for row in desk.database.rows("chat")] == ["public"]
    assert "secret" not in repr(desk.database.tables)
    assert desk.database.rows("outbound") == []


async def test_many_go_in_few_batches(desk: Desk) -> None:
    await desk.record([line(f"line {number}", seconds=number) for number in range(500)])
    assert len(desk.database.rows("chat")) == 500
    assert desk.database.rows("users")[0]["lines"] == 500
    assert len(desk.database.batches) <= 10


async def test_a_stream_in_an_outage_keeps_what_happens(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.open()
    await desk.tell(*STORY[:4])
    await desk.settled()
    desk.database.away = True
    await desk.tell(*STORY[4:], *[line(f"line {number}", seconds=50) for number in range(600)])
    asked = len(desk.database.asked)
    await until(lambda: len(desk.database.asked) > asked + 3)
    assert len(desk.database.rows("chat")) == 2
    desk.database.away = False
    await desk.settled()
    assert len(desk.database.rows("chat")) == 604
    assert desk.database.rows("users", name_key="bob")[0]["lines"] == 602
    assert not desk.dead_letters
    assert caplog.text.count("what happens waits in the streams") == 1


async def test_nothing_is_taken_before_there_are_tables(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    def no_tables(operation: Row) -> None:
        raise StorageError(Code.VALIDATION_ERROR, "There is no table 'channels'.")

    desk.database.judge = no_tables
    await desk.tell(*STORY)
    desk.open()
    await until(lambda: len(desk.database.asked) >= 3)
    assert {each["op"] for each in desk.database.asked} == {"count"}
    assert caplog.text.count("nothing is recorded yet") == 1
    desk.database.judge = lambda operation: None
    await desk.settled()
    assert len(desk.database.rows("chat")) == 4


async def test_one_that_the_database_refuses_is_set_aside(desk: Desk) -> None:
    bad = line("bad\0", seconds=2)

    def judge(operation: Row) -> None:
        values = operation.get("values", [])
        rows = values if isinstance(values, list) else [values]
        if any("\0" in row.get("text", "") for row in rows):
            raise StorageError(Code.VALIDATION_ERROR, "text: NUL is not allowed.")

    desk.database.judge = judge
    await desk.record([line("one", seconds=1), bad, line("two", seconds=3)])
    assert [row["text"] for row in desk.database.rows("chat")] == ["one", "two"]
    assert desk.database.rows("users")[0]["lines"] == 2
    [letter] = desk.dead_letters
    assert Message.read(letter.data).id == id_of(bad)
    assert "NUL is not allowed" in letter.headers["Rosey-Reason"]


async def test_what_is_no_event_and_what_is_far_too_large_is_set_aside(desk: Desk) -> None:
    await desk.bus.store(subjects.MESSAGE, b"{}", "m-nothing")
    await desk.record([line("x" * 300_000), line("fine", seconds=1)])
    assert [row["text"] for row in desk.database.rows("chat")] == ["fine"]
    assert len(desk.dead_letters) == 2


async def test_two_recorders_share_the_work(desk: Desk) -> None:
    desk.open()
    await desk.record(STORY)
    mixed = contents(desk.database)
    alone = await _alone()
    for table in ("chat", "actions", "outbound", "cursors"):
        assert sorted(map(repr, mixed[table])) == sorted(map(repr, contents(alone)[table]))
    both = (mixed["users"], alone.rows("users"))
    of_both, of_one = ({row["name_key"]: row["lines"] for row in rows} for rows in both)
    assert of_both == of_one


# -- the end of the process --------------------------------------------------------------------


@pytest.fixture
def unheard(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a dead process would not have said to the server is not said."""

    def unless_dead(method: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        async def call(delivery: Delivery, *args: Any) -> None:
            if is_alive(delivery, acknowledges=method.__name__ == "ack"):
                await method(delivery, *args)

        return call

    for name in ("ack", "retry", "bury", "working"):
        monkeypatch.setattr(Delivery, name, unless_dead(getattr(Delivery, name)))


async def _alone() -> RoomDatabase:
    desk = Desk()
    await desk.bus.declare(["core"], ["lounge"])
    database = await desk.record(STORY)
    await desk.close()
    return database


@pytest.mark.usefixtures("unheard")
@pytest.mark.parametrize("die_at", range(1, 9))
async def test_a_process_may_die_after_any_write(desk: Desk, die_at: int) -> None:
    """Of people, of how many there are, or of lines: nothing was acknowledged yet."""
    mortal = Mortal(memory=desk.bus.memory)

    def fall() -> None:
        if len(desk.database.batches) == die_at:
            mortal.dead = True
            raise Died

    desk.database.after_batch = fall
    task = desk.open(mortal)
    await _in_steps(desk, mortal)
    if mortal.dead:
        with pytest.raises(Died):
            await task
        await mortal.fall_silent()
    desk.open()
    await desk.settled()
    assert contents(desk.database) == contents(await _alone())
    assert not desk.dead_letters


@pytest.mark.usefixtures("unheard")
@pytest.mark.parametrize("left", range(8))
async def test_a_process_may_die_while_it_acknowledges(desk: Desk, left: int) -> None:
    """What comes again are the later ones of a batch, together with what is new."""
    mortal = Mortal(memory=desk.bus.memory)
    mortal.acknowledgements_left = left
    task = desk.open(mortal)
    await _in_steps(desk, mortal)
    await mortal.fall_silent()
    task.cancel()
    desk.open()
    await desk.settled()
    assert contents(desk.database) == contents(await _alone())
    assert not desk.dead_letters


async def _in_steps(desk: Desk, mortal: Mortal) -> None:
    """Tells the story as far as somebody listens, and then the rest."""
    for start in range(0, len(STORY), 4):
        await desk.tell(*STORY[start : start + 4])
        await until(lambda: mortal.dead or desk.is_settled, what="a step")


@pytest.mark.usefixtures("unheard")
async def test_a_process_that_dies_within_a_write_has_written_nothing_of_it(desk: Desk) -> None:
    mortal = Mortal(memory=desk.bus.memory)

    def judge(operation: Row) -> None:
        if operation["table"] == "channels" and "update" in operation:
            mortal.dead = True
            raise Died

    desk.database.judge = judge
    await desk.tell(*STORY)
    with pytest.raises(Died):
        await desk.open(mortal)
    await mortal.fall_silent()
    assert desk.database.rows("chat") == []
    desk.database.judge = lambda operation: None
    desk.open()
    await desk.settled()
    assert contents(desk.database) == contents(await _alone())


@pytest.mark.usefixtures("unheard")
async def test_what_a_dead_process_had_in_hand_comes_before_what_is_newer(desk: Desk) -> None:
    mortal = Mortal(memory=desk.bus.memory)
    task = desk.open(mortal)
    await desk.tell(up(0), line("hello"))
    await desk.settled()
    desk.database.away = True
    asked = len(desk.database.asked)
    await desk.tell(came("bob", 10))
    await until(lambda: len(desk.database.asked) > asked)
    mortal.dead = True
    await mortal.fall_silent()
    task.cancel()
    desk.database.away = False
    desk.open()
    await desk.tell(left("bob", 30))
    await desk.settled()
    [bob] = desk.database.rows("users", name_key="bob")
    assert (bob["seconds_connected"], bob["online_since"]) == (20, None)


async def test_an_orderly_end_loses_nothing(desk: Desk) -> None:
    task = desk.open()
    await desk.tell(*STORY[:7])
    await until(lambda: desk.database.rows("chat"))
    task.cancel()
    await desk.tell(*STORY[7:])
    with pytest.raises(asyncio.CancelledError):
        await task
    desk.open()
    await desk.settled()
    assert contents(desk.database) == contents(await _alone())
    assert {row["channel"] for row in desk.database.rows("chat")} == {ROOM}
