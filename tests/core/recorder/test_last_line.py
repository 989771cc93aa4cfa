"""What somebody said last, as the recorder answers it from its tables."""

import asyncio

import pytest

from core.recorder import last_line
from core.recorder.last_line import LastLines
from rosey.contracts.memory import LastLine, LastLineAsked
from rosey.services import ServiceError
from tests.core.recorder.desk import Desk
from tests.core.recorder.happenings import ROOM, at, line


async def asked(desk: Desk, user: str, before: float | None = None, prefix: str = "!") -> LastLine:
    question = LastLineAsked(
        channel=ROOM, user=user, before=None if before is None else at(before), prefix=prefix
    )
    return await LastLines(desk.database.client, lambda: desk.keep_days).answer(question)


async def test_the_last_line_that_is_no_command(desk: Desk) -> None:
    await desk.record(
        [
            line("first", "Bob", 1),
            line("second", "Bob", 2),
            line("!roll", "Bob", 3),
            line("of another", "ann", 4),
            line("!quote last bob", "ann", 5),
            line("afterwards", "Bob", 6),
        ]
    )
    found = await asked(desk, "bOB", before=5)
    assert found == LastLine(username="Bob", text="second", sent_at=at(2))
    assert (await asked(desk, "bob")).text == "afterwards"
    assert (await asked(desk, "bob", before=5, prefix="")).text == "!roll"
    assert (await asked(desk, "bob", before=5, prefix="_")).text == "!roll"
    assert await asked(desk, "nobody", before=5) == LastLine()


async def test_of_another_room_nothing_is_told(desk: Desk) -> None:
    await desk.record([line("here", "bob", 1)])
    question = LastLineAsked(channel="lounge/den", user="bob")
    lines = LastLines(desk.database.client, lambda: 90)
    assert await lines.answer(question) == LastLine()


async def test_it_waits_until_what_was_said_before_is_written(desk: Desk) -> None:
    """The recorder is a moment behind the room."""
    asking = asyncio.create_task(asked(desk, "bob", before=2))
    await asyncio.sleep(0)
    assert not asking.done()
    await desk.record([line("just now", "bob", 1), line("!quote last bob", "ann", 2)])
    assert (await asking).text == "just now"


async def test_what_may_be_out_of_date_is_not_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A recorder that begins, or has much to write, does not know what was said just now."""
    monkeypatch.setattr(last_line, "CATCH_UP", 0.15)
    await desk.record([line("long ago", "bob", 1)])
    with pytest.raises(ServiceError, match="is not written down yet"):
        await asked(desk, "bob", before=60)


async def test_where_nothing_is_kept_nobody_waits(desk: Desk) -> None:
    desk.keep_days = 0
    desk.database.away = True
    assert await asked(desk, "bob", before=60) == LastLine()


async def test_a_database_that_is_away_is_told(desk: Desk) -> None:
    desk.database.away = True
    with pytest.raises(ServiceError, match="The room's memory is not there"):
        await asked(desk, "bob", before=2)
