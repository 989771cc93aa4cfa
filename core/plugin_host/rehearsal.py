"""New code tries the workflows that are open before it takes over from the old."""

import logging
from collections.abc import Sequence

from temporalio.service import RPCError

from core.errors import Away, UserError
from temporal.client import TemporalAway, connect
from temporal.replay import Problem, check_open

log = logging.getLogger("core.plugin_host")

PATIENCE = 5.0
# What a library has to say of a history may fill pages.
LONGEST = 350


class NotCompatible(UserError):
    """Open workflows could not go on with the new code."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        first, more = str(problems[0])[:LONGEST], len(problems) - 1
        others = f" So it is with {more} more." if more else ""
        super().__init__(
            f"open workflows cannot go on with the new code. {first}.{others} Branch the change "
            "with workflow.patched, or wait until they are over."
        )


async def rehearse(address: str, task_queue: str, workflows: Sequence[type]) -> None:
    """Raises NotCompatible, or Away when Temporal does not tell what is open."""
    try:
        client = await connect(address, PATIENCE)
        tried, problems = await check_open(client, task_queue, workflows)
    except (TemporalAway, RPCError) as problem:
        raise Away(
            f"Temporal does not say which workflows are open ({problem}); try again when it "
            "answers, or leave them untried with --force."
        ) from problem
    if problems:
        raise NotCompatible(problems)
    log.info("%d open workflows can go on with the new code", tried)
