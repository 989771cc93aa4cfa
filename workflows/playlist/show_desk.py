"""What people ask about shows, seen to by activities: Temporal's Schedules are the truth."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, is_cancelled_exception

from rosey.contracts.shows import ShowAnswer, ShowWish

PATIENCE = timedelta(seconds=15)
FEW_TRIES = RetryPolicy(maximum_attempts=5)


async def ask(wish: ShowWish) -> ShowAnswer | None:
    """None when nobody could see to it."""
    try:
        answer: ShowAnswer = await workflow.execute_activity(
            wish.kind,
            wish,
            result_type=ShowAnswer,
            start_to_close_timeout=PATIENCE,
            retry_policy=FEW_TRIES,
            summary=f"{wish.name or 'all shows'}, for {wish.by}"[:60],
        )
    except ActivityError as problem:
        if is_cancelled_exception(problem):
            raise
        workflow.logger.error("%s of %s failed: %s", wish.kind, wish.name, problem.cause)
        return None
    return answer
