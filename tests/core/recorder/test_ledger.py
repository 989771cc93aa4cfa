"""What is written of each event, and what is not."""

from datetime import timedelta

from core.recorder.facts import Fact
from core.recorder.ledger import Ledger
from rosey.events import User
from tests.core.recorder.happenings import (
    ROOM,
    at,
    came,
    changed,
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


async def write(*facts: Fact, keep_days: int = 90) -> RoomDatabase:
    database = RoomDatabase()
    await Ledger(database.client, lambda: keep_days).write(facts)
    return database


async def test_a_line_is_kept_and_counted() -> None:
    said = line("hello", seconds=3)
    database = await write(said)
    [row] = database.rows("chat")
    assert row == {
        "message_id": id_of(said),
        "channel": ROOM,
        "username": "bob",
        "text": "hello",
        "sent_at": at(3),
        "own": False,
    }
    [bob] = database.rows("users")
    assert (bob["username"], bob["lines"], bob["first_seen"]) == ("bob", 1, at(3))
    assert (bob["last_seen"], bob["online_since"]) == (at(3), None)
    assert database.rows("channels")[0]["lines"] == 1


async def test_what_people_do_is_kept_with_what_plays() -> None:
    database = await write(
        up(0, ["ann"]),
        came("bob", 1),
        changed(User(name="bob", rank=2, afk=True, muted=True), 2),
        left("bob", 3),
        plays("A film", 4),
        down(5),
    )
    log = [(row["kind"], row["username"], row["detail"]) for row in database.rows("actions")]
    assert log == [
        ("up", "Rosey", "so"),
        ("join", "bob", ""),
        ("update", "bob", "rank 2, away, muted"),
        ("leave", "bob", ""),
        ("media", "", "A film"),
        ("down", "", "so"),
    ]


async def test_what_rosey_says_is_kept_with_when_it_was_shown() -> None:
    for facts in (
        [to_say("r-1-0", "rolled 4"), was_said("r-1-0", 7)],
        [was_said("r-1-0", 7), to_say("r-1-0", "rolled 4")],
    ):
        [row] = (await write(*facts)).rows("outbound")
        assert row.pop("at")
        assert row == {
            "action_id": "r-1-0",
            "channel": ROOM,
            "kind": "say",
            "text": "rolled 4",
            "sent_at": at(7),
        }


async def test_nothing_private_is_written() -> None:
    database = await write(
        to_say("r-1-0", "a secret", kind="pm"),
        was_said("r-1-0", 1, kind="pm"),
        line("a secret", pm=True),
    )
    assert not any(database.tables.values())


async def test_without_days_there_are_statistics_and_no_words() -> None:
    facts = [up(0), came("bob", 1), line("hello"), to_say("r-1", "hi"), was_said("r-1", 2)]
    database = await write(*facts, line("hi", user="Rosey", own=True), keep_days=0)
    assert not any(database.rows(table) for table in ("chat", "actions", "outbound"))
    [bob] = database.rows("users")
    assert (bob["lines"], bob["online_since"]) == (1, at(1))


async def test_the_peak_and_one_count_a_minute() -> None:
    database = RoomDatabase()
    ledger = Ledger(database.client, lambda: 90)
    for fact in (up(0, ["ann"]), came("bob", 20), left("ann", 40), came("ann", 70), down(80)):
        await ledger.write([fact])
    [room] = database.rows("channels")
    assert (room["users"], room["users_at"]) == (2, at(70))
    assert (room["peak_users"], room["peak_at"]) == (2, at(20))
    minute = at(0).replace(second=0, microsecond=0)
    counts = {row["at"] - minute: row["users"] for row in database.rows("user_counts")}
    assert counts == {timedelta(0): 1, timedelta(minutes=1): 2}


async def test_a_long_reason_is_cut() -> None:
    long = up(0)
    long.event.reason = "x" * 1000  # type: ignore[union-attr]
    [row] = (await write(long)).rows("actions")
    assert len(row["detail"]) == 255
