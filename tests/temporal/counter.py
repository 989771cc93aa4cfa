"""Workflows for tests of the durable kit: one that counts, and some that are broken."""

from pydantic import BaseModel
from temporalio import workflow

from rosey.durable import Durable, Kept, Order, carried, handlers
from rosey.events import Outcome


class Counted(BaseModel):
    """`taken` are the ids of the orders carried out, in order."""

    taken: list[str] = []
    runs: int = 0
    closing: bool = False
    kept: Kept = Kept()
    unsaid: list[Outcome] = []


@workflow.defn(name="Counter")
class Counter(Durable):
    @workflow.init
    def __init__(self, given: object = None, *_: object) -> None:
        self.counted = carried(given, Counted)
        self.counted.runs += 1
        self.kept = self.counted.kept
        self.unsaid = self.counted.unsaid

    count_signal, count_update = handlers("count", "Count one")

    @workflow.query(name="state")
    def state(self, order: Order | None = None) -> Counted:
        if order and order.action == "fail":
            raise ZeroDivisionError("a bug")
        return self.counted

    def take(self, order: Order) -> Outcome:
        if order.action == "fail":
            raise ZeroDivisionError("a bug")
        self.counted.taken.append(order.id)
        self.counted.closing = order.action == "close"
        return Outcome() if order.action == "hush" else Outcome(say=[str(len(self.counted.taken))])

    @workflow.run
    async def run(self, given: object = None, *_: object) -> None:
        await workflow.wait_condition(
            lambda: self.counted.closing or self.ought_to_renew(quiet=True)
        )
        await self.settled()
        if not self.counted.closing:
            workflow.continue_as_new(self.counted)


@workflow.defn(name="Broken")
class Broken(Durable):
    """Every task of it fails."""

    def __init__(self) -> None:
        raise RuntimeError("this code is broken")

    @workflow.run
    async def run(self) -> None: ...


@workflow.defn(name="Deaf")
class Deaf:
    """Knows no `deliver`."""

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: False)


@workflow.defn(name="Odd")
class Odd:
    """Answers something else than was asked."""

    @workflow.update(name="deliver")
    def deliver(self, orders: list[Order]) -> list[Outcome]:
        return [Outcome()] * (len(orders) + 1)

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: False)
