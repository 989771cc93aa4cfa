"""Gathering, waiting, and setting aside."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest

from core.recorder import writer as module
from core.recorder.facts import Fact
from core.recorder.writer import Writer
from rosey.bus import Poison
from rosey.contracts.storage import Code
from rosey.storage import StorageError, Unavailable
from tests.core.recorder.happenings import id_of, line
from tests.servers import until


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(module, "GATHERING", 0.1)


class Book:
    """Takes what `judge` does not refuse."""

    def __init__(self, judge: Callable[[Sequence[Fact]], None] = lambda facts: None) -> None:
        self.batches: list[list[str]] = []
        self.judge = judge
        self.tries = 0

    async def write(self, facts: Sequence[Fact]) -> None:
        self.tries += 1
        self.judge(facts)
        self.batches.append([id_of(fact) for fact in facts])


class Gathered:
    """Two batches of nothing, and the end."""

    def __init__(self) -> None:
        self.left = 2

    async def __call__(self) -> list[object]:
        if not self.left:
            raise asyncio.CancelledError
        self.left -= 1
        return []


@asynccontextmanager
async def writing(book: Book) -> AsyncIterator[Writer]:
    writer = Writer(book.write)
    task = asyncio.create_task(writer.run())
    yield writer
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def lines(count: int) -> list[Fact]:
    return [line(f"line {number}", seconds=number) for number in range(count)]


async def test_what_comes_together_is_written_together_in_order() -> None:
    facts = lines(250)
    async with writing(book := Book()) as writer:
        await asyncio.gather(*(writer.keep(fact, 100) for fact in facts))
    assert [len(batch) for batch in book.batches] == [100, 100, 50]
    assert [id for batch in book.batches for id in batch] == [id_of(fact) for fact in facts]


async def test_nobody_waits_long_for_company() -> None:
    started = asyncio.get_running_loop().time()
    async with writing(book := Book()) as writer:
        await writer.keep(lines(1)[0], 100)
    assert asyncio.get_running_loop().time() - started < 2
    assert len(book.batches) == 1


async def test_large_events_do_not_go_together() -> None:
    async with writing(book := Book()) as writer:
        await asyncio.gather(*(writer.keep(fact, 200_000) for fact in lines(3)))
    assert [len(batch) for batch in book.batches] == [1, 1, 1]


@pytest.mark.parametrize(
    "code", [Code.UNAVAILABLE, Code.TIMEOUT, Code.RATE_LIMITED, Code.PERMISSION_DENIED]
)
async def test_it_waits_while_the_database_is_away(
    code: Code, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "core.recorder")
    away = True

    def judge(facts: Sequence[Fact]) -> None:
        if away:
            raise StorageError(code, "The database is not there.")

    async with writing(book := Book(judge)) as writer:
        kept = asyncio.gather(*(writer.keep(fact, 100) for fact in lines(3)))
        await until(lambda: book.tries >= 4)
        assert not kept.done()
        away = False
        await kept
    assert [len(batch) for batch in book.batches] == [3]
    assert [record.message for record in caplog.records] == [
        "what happens waits in the streams: The database is not there.",
        "the database is back",
    ]


async def test_the_pauses_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    def judge(facts: Sequence[Fact]) -> None:
        if len(pauses) < 12:
            raise Unavailable("away")

    monkeypatch.setattr(module, "FIRST_PAUSE", 0.25)
    monkeypatch.setattr(asyncio, "sleep", sleep)
    async with writing(Book(judge)) as writer:
        await writer.keep(lines(1)[0], 100)
    assert pauses[:7] == [0.25, 0.5, 1, 2, 4, 8, 10]
    assert set(pauses[7:12]) == {10}


async def test_it_rests_longer_than_it_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    rests: list[float] = []
    clock = iter([0.0, 0.1, 1.0, 61.0])

    async def sleep(seconds: float) -> None:
        rests.append(seconds)

    writer = Writer(Book().write)
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: next(clock, 61.0))
    monkeypatch.setattr(asyncio, "sleep", sleep)
    monkeypatch.setattr(writer, "_gather", Gathered())
    with pytest.raises(asyncio.CancelledError):
        await writer.run()
    assert rests == pytest.approx([0.4, 1.0])


@pytest.mark.parametrize("code", [Code.VALIDATION_ERROR, Code.VALUE_TOO_LARGE])
async def test_one_that_is_refused_does_not_hold_up_the_others(code: Code) -> None:
    facts = lines(5)

    def judge(batch: Sequence[Fact]) -> None:
        if facts[2] in batch:
            raise StorageError(code, "text holds NUL.")

    async with writing(book := Book(judge)) as writer:
        results = await asyncio.gather(
            *(writer.keep(fact, 100) for fact in facts), return_exceptions=True
        )
    assert [type(result) for result in results] == [*[type(None)] * 2, Poison, *[type(None)] * 2]
    assert "text holds NUL" in str(results[2])
    assert [id for batch in book.batches for id in batch] == [
        id_of(fact) for fact in facts if fact is not facts[2]
    ]


async def test_one_that_was_written_long_ago_is_done() -> None:
    def judge(batch: Sequence[Fact]) -> None:
        raise StorageError(Code.CONFLICT, "message_id is there.")

    async with writing(Book(judge)) as writer:
        await asyncio.gather(*(writer.keep(fact, 100) for fact in lines(2)))


async def test_a_fault_of_the_service_is_tried_five_times() -> None:
    facts = lines(2)

    def judge(batch: Sequence[Fact]) -> None:
        if facts[0] in batch:
            raise StorageError(Code.INTERNAL_ERROR, "It failed (id 1234).")

    async with writing(book := Book(judge)) as writer:
        kept, written = await asyncio.gather(
            *(writer.keep(fact, 100) for fact in facts), return_exceptions=True
        )
    assert isinstance(kept, Poison)
    assert written is None
    assert book.tries == 5 + 5 + 1


async def test_what_nobody_waits_for_any_more_comes_again_elsewhere() -> None:
    away = True

    def judge(facts: Sequence[Fact]) -> None:
        if away and len(facts) == 1:
            raise Unavailable("away")

    async with writing(book := Book(judge)) as writer:
        first = asyncio.create_task(writer.keep(lines(1)[0], 100))
        await until(lambda: book.tries)
        later = [asyncio.create_task(writer.keep(fact, 100)) for fact in lines(4)[1:]]
        await asyncio.sleep(0)
        later[0].cancel()
        first.cancel()
        await asyncio.gather(first, later[0], return_exceptions=True)
        away = False
        await asyncio.gather(*later[1:])
    assert book.batches[-1] == [id_of(fact) for fact in lines(4)[2:]]
