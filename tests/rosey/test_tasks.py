"""A task ends even when it loses a cancellation."""

import asyncio
from contextlib import suppress

from rosey import tasks


async def test_a_lost_cancellation_is_said_again() -> None:
    lost = 0

    async def deaf() -> None:
        nonlocal lost
        while lost < 2:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                lost += 1
        await asyncio.sleep(60)

    task = asyncio.create_task(deaf())
    await asyncio.sleep(0)
    [end] = await asyncio.wait_for(tasks.end(task, again_after=0.01), 10)
    assert lost == 2
    assert isinstance(end, asyncio.CancelledError)


async def test_one_that_meets_the_answer_it_waits_for() -> None:
    """As a loop around a request to NATS is ended in the moment of the answer."""
    answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    rounds = 0

    async def keep_asking() -> None:
        nonlocal rounds
        while True:
            await asyncio.wait_for(answer, 60)
            rounds += 1
            await asyncio.sleep(60)

    task = asyncio.create_task(keep_asking())
    await asyncio.sleep(0)
    answer.set_result(1)
    await asyncio.wait_for(tasks.end(task, again_after=0.01), 10)
    assert task.cancelled()
    assert rounds <= 1


async def test_what_is_slow_to_clean_up_is_not_disturbed() -> None:
    cleaned = False

    async def slow() -> None:
        nonlocal cleaned
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        await asyncio.sleep(0.05)
        cleaned = True

    task = asyncio.create_task(slow())
    await asyncio.sleep(0)
    await tasks.end(task)
    assert cleaned


async def test_each_end_is_told_in_order() -> None:
    async def seven() -> int:
        return 7

    async def fails() -> None:
        raise ValueError("no")

    first, second = asyncio.create_task(seven()), asyncio.create_task(fails())
    await asyncio.wait((first, second))
    seventh, problem = await tasks.end(first, second)
    assert seventh == 7
    assert str(problem) == "no"
    assert await tasks.end() == []
