"""What the mailbox sends, seen from a client that only notes it: batches and repetitions."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from temporalio.client import (
    Client,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from rosey.durable import Order
from rosey.events import Command, Outcome, User
from temporal import mailbox
from temporal.mailbox import MOST_BYTES, MOST_ORDERS, Mailboxes, Undeliverable
from tests.servers import until


class Notebook:
    """A client whose workflow takes everything, after the failures it was told to have."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.batches: list[list[Order]] = []
        self.ids: list[str] = []
        self.open = asyncio.Event()
        self.open.set()

    def get_workflow_handle(self, workflow_id: str) -> "Notebook":
        return self

    async def execute_update(
        self, name: str, orders: list[Order], *, id: str, **options: Any
    ) -> list[Outcome]:
        assert name == "deliver"
        assert options["rpc_timeout"] == mailbox.RPC_TIMEOUT
        self.batches.append(orders)
        self.ids.append(id)
        await self.open.wait()
        if self.failures:
            raise self.failures.pop(0)
        return [Outcome(say=[order.id]) for order in orders]

    async def execute_update_with_start_workflow(
        self, name: str, orders: list[Order], *, start_workflow_operation: Any, **options: Any
    ) -> list[Outcome]:
        try:
            return await self.execute_update(name, orders, **options)
        except RPCError as problem:
            start_workflow_operation._on_start_error(problem)
            raise


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox, "FIRST_PAUSE", 0.001)


def boxes(notebook: Notebook) -> Mailboxes:
    return Mailboxes(cast(Client, notebook), "trivia")


def command(number: int, **fields: Any) -> Command:
    sound: dict[str, Any] = {
        "id": f"c-{number}",
        "plugin": "trivia",
        "action": "answer",
        "channel": "lounge/lobby",
        "user": User(name="bob"),
        "sent_at": datetime.now(UTC),
    }
    return Command(**(sound | fields))


def rpc(status: RPCStatusCode, message: str = "no") -> RPCError:
    return RPCError(message, status, b"")


def moved_on() -> WorkflowUpdateFailedError:
    return WorkflowUpdateFailedError(ApplicationError("gone", type=mailbox.MOVED_ON))


PASSING: list[Callable[[], Exception]] = [
    *(lambda status=status: rpc(status) for status in mailbox.PASSING),
    WorkflowUpdateRPCTimeoutOrCancelledError,
    moved_on,
]
NAMES = [*(status.name for status in mailbox.PASSING), "timeout", "moved on"]


@pytest.mark.parametrize("failure", PASSING, ids=NAMES)
async def test_what_passes_is_sent_again_under_the_same_id(
    failure: Callable[[], Exception],
) -> None:
    notebook = Notebook(failure(), failure(), failure())
    outcome = await boxes(notebook).deliver("Trivia", command(1))
    assert outcome.say == ["c-1"]
    assert len(notebook.ids) == 4
    assert len(set(notebook.ids)) == 1
    assert all(batch == notebook.batches[0] for batch in notebook.batches)


async def test_what_comes_meanwhile_does_not_change_the_batch() -> None:
    notebook = Notebook(rpc(RPCStatusCode.UNAVAILABLE))
    notebook.open.clear()
    box = boxes(notebook)
    first = asyncio.create_task(box.deliver("Trivia", command(1)))
    await asyncio.sleep(0)
    second = asyncio.create_task(box.deliver("Trivia", command(2)))
    await asyncio.sleep(0)
    notebook.open.set()
    assert [(await first).say, (await second).say] == [["c-1"], ["c-2"]]
    assert [[order.id for order in batch] for batch in notebook.batches] == [
        ["c-1"],
        ["c-1"],
        ["c-2"],
    ]
    assert notebook.ids[0] == notebook.ids[1] != notebook.ids[2]


@pytest.mark.parametrize(
    "failure",
    [
        rpc(RPCStatusCode.PERMISSION_DENIED),
        rpc(RPCStatusCode.INVALID_ARGUMENT),
        rpc(RPCStatusCode.UNAUTHENTICATED),
        WorkflowUpdateFailedError(ApplicationError("no", type="Refused")),
    ],
    ids=["denied", "invalid", "unauthenticated", "refused"],
)
async def test_what_no_repetition_helps_is_undeliverable_at_once(failure: Exception) -> None:
    notebook = Notebook(failure)
    box = boxes(notebook)
    with pytest.raises(Undeliverable, match=r"trivia:lounge/lobby did not take it: (Refused: )?no"):
        await box.deliver("Trivia", command(1))
    assert len(notebook.ids) == 1
    assert (await box.deliver("Trivia", command(2))).say == ["c-2"]


@pytest.mark.parametrize("failure", [lambda: rpc(RPCStatusCode.UNAVAILABLE), moved_on])
async def test_after_15_minutes_it_gives_up(
    monkeypatch: pytest.MonkeyPatch, failure: Callable[[], Exception]
) -> None:
    monkeypatch.setattr(mailbox, "KEEP_FOR", timedelta(seconds=0.05))
    notebook = Notebook(*(failure() for _ in range(1000)))
    with pytest.raises(Undeliverable):
        await boxes(notebook).deliver("Trivia", command(1))
    assert 1 < len(notebook.ids) < 1000


async def test_an_error_nobody_thought_of_reaches_everybody_who_waits() -> None:
    notebook = Notebook(LookupError("surprise"))
    box = boxes(notebook)
    waiting = await asyncio.gather(
        box.deliver("Trivia", command(1)),
        box.deliver("Trivia", command(2)),
        return_exceptions=True,
    )
    assert [str(problem) for problem in waiting] == ["surprise", "surprise"]
    assert (await box.deliver("Trivia", command(3))).say == ["c-3"]


async def test_a_hundred_at_a_time() -> None:
    notebook = Notebook()
    answers = await _many(notebook, [command(number) for number in range(251)])
    assert [answer.say for answer in answers] == [[f"c-{number}"] for number in range(251)]
    assert [len(batch) for batch in notebook.batches] == [MOST_ORDERS, MOST_ORDERS, 51]
    assert len(set(notebook.ids)) == 3


async def test_256_kilobytes_at_a_time() -> None:
    notebook = Notebook()
    long = "👋" * 2000  # 8 kB each
    await _many(notebook, [command(number, text=long) for number in range(100)])
    sizes = [sum(len(order.model_dump_json().encode()) for order in b) for b in notebook.batches]
    assert max(sizes) <= MOST_BYTES
    assert sum(len(batch) for batch in notebook.batches) == 100
    assert len(notebook.batches) == 4


async def test_one_that_is_too_large_alone_goes_alone() -> None:
    notebook = Notebook()
    box = boxes(notebook)
    large = {"large": "x" * (MOST_BYTES + 1)}
    await asyncio.gather(
        box.deliver("Trivia", command(1)),
        box.deliver("Trivia", command(2), dict(large)),
        box.deliver("Trivia", command(3), dict(large)),
        box.deliver("Trivia", command(4)),
    )
    assert [[order.id for order in batch] for batch in notebook.batches] == [
        ["c-1"],
        ["c-2"],
        ["c-3"],
        ["c-4"],
    ]


async def test_rooms_do_not_wait_for_each_other() -> None:
    notebook = Notebook()
    notebook.open.clear()
    box = boxes(notebook)
    rooms = [
        asyncio.create_task(box.deliver("Trivia", command(n, channel=f"lounge/{n}")))
        for n in range(3)
    ]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert len(notebook.batches) == 3
    notebook.open.set()
    await asyncio.gather(*rooms)
    await until(lambda: not box._boxes, what="quiet rooms are forgotten")


async def _many(notebook: Notebook, commands: list[Command]) -> list[Outcome]:
    box = boxes(notebook)
    return list(await asyncio.gather(*(box.deliver("Trivia", one) for one in commands)))
