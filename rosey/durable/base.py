"""The base of every workflow that a room talks to: one door, no repeats, short histories."""

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from temporalio import workflow

from rosey.durable.orders import KEEP_FOR, Kept, Order
from rosey.events import Outcome

RENEW_WHEN_QUIET = 500
RENEW_AT_LAST = 3_000
# Lines from people at the controls that may wait to be said; a flood of them is not said.
MOST_UNSAID = 100

State = TypeVar("State", bound=BaseModel)


class Durable:
    """Takes orders in batches from the mailbox and one by one from people at the controls.

    A workflow overrides `take`, which must not wait: what needs I/O is noted in the state and an
    activity says the answer later. It sets `self.kept` and `self.unsaid` in its
    `@workflow.init` from what the last run carried.
    """

    kept: Kept
    unsaid: list[Outcome]

    def take(self, order: Order) -> Outcome:
        """Carries out one order on the state, at once."""
        raise NotImplementedError

    @workflow.update(
        name="deliver",
        description="For the plugin's mailbox: a list of orders in, a list of outcomes out.",
    )
    def deliver(self, orders: list[Order]) -> list[Outcome]:
        in_turn = sorted(range(len(orders)), key=lambda index: (orders[index].seq, index))
        outcomes = [Outcome()] * len(orders)
        for index in in_turn:
            outcomes[index] = self.once(orders[index])
        return outcomes

    def once(self, order: Order) -> Outcome:
        """Takes the order unless it was taken before or has grown too old to mean anything."""
        now = workflow.now()
        if order.id and (known := self.kept.find(order.id)) is not None:
            return known
        if order.sent_at and now - order.sent_at > KEEP_FOR:
            return Outcome(error="That came too late: it was said more than 15 minutes ago.")
        try:
            outcome = self.take(order)
        except Exception:  # one order's bug must not cost the batch its answers
            workflow.logger.exception("order %s (%s) failed", order.id, order.action)
            outcome = Outcome(
                error=f"{order.action} failed inside {workflow.info().workflow_type} "
                f"(id {order.id[-6:] or 'none'}); the log of its process says why."
            )
        if order.id:
            self.kept.add(order.id, outcome, now)
        return outcome

    def by_hand(self, action: str, order: Order | None) -> Outcome:
        """An order from the Temporal tools: the room hears what it led to, once."""
        order = (order or Order()).model_copy(update={"action": action})
        repeated = self.kept.find(order.id) is not None
        outcome = self.once(order)
        if not (repeated or outcome.empty) and len(self.unsaid) < MOST_UNSAID:
            self.unsaid.append(outcome)
        return outcome

    def ought_to_renew(self, quiet: bool) -> bool:
        """Whether `run` should continue as new here; `quiet` when nothing is going on."""
        info = workflow.info()
        length = info.get_current_history_length()
        wished = length >= RENEW_WHEN_QUIET or info.is_continue_as_new_suggested()
        return length >= RENEW_AT_LAST or (quiet and wished)

    async def settled(self) -> None:
        """Waits until no handler is at work, as a run's end must."""
        await workflow.wait_condition(workflow.all_handlers_finished)


def carried(given: object, model: type[State]) -> State:
    """What the last run handed on; nonsense that a person started the workflow with is nothing."""
    if workflow.info().continued_run_id:
        return model.model_validate(given)
    try:
        return model.model_validate(given or {})
    except ValidationError as problem:
        workflow.logger.warning("started with nonsense, which is ignored: %s", problem)
        return model()


def handlers(action: str, description: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """A signal and an update of the same public name, each with one optional JSON object."""

    # Temporal leaves `self` out of a handler's types only when it has none.
    def signal(self, order: Order | None = None) -> None:  # type: ignore[no-untyped-def]
        self.by_hand(action, order)

    def update(self, order: Order | None = None) -> Outcome:  # type: ignore[no-untyped-def]
        outcome: Outcome = self.by_hand(action, order)
        return outcome

    return (
        workflow.signal(name=action, description=description)(signal),
        workflow.update(name=action, description=description)(update),
    )


async def nap(seconds: float, wake: Callable[[], bool], summary: str) -> bool:
    """Waits at most `seconds` for `wake`; says whether it came. Not positive: does not wait."""
    if wake():
        return True
    if seconds <= 0:
        return False
    try:
        await workflow.wait_condition(wake, timeout=seconds, timeout_summary=summary)
    except TimeoutError:
        return wake()  # both may come in one task, and what came goes before the end of the time
    return True
