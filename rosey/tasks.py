"""Ending tasks for certain."""

import asyncio
from typing import Any

# Longer than any task of ours takes to clean up after itself.
PATIENCE = 3.0


async def end(*tasks: "asyncio.Future[Any]", again_after: float = PATIENCE) -> list[Any]:
    """Cancels them and waits until they are over; gives what each returned or raised.

    One cancellation is not enough: until Python 3.12 `asyncio.wait_for` loses one that meets its
    result, and a task that waits for something in a loop would go on for ever. So it is said again
    after `again_after` seconds.
    """
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=again_after)
    return await asyncio.gather(*tasks, return_exceptions=True)
