"""Open workflows are tried with other code while they go on with their own."""

import pytest
from temporalio import workflow
from temporalio.client import Client

from temporal.replay import check_open
from temporal.worker import make_worker


@workflow.defn(name="Waiting")
class Waiting:
    """Sleeps a moment and then for good."""

    @workflow.run
    async def run(self) -> None:
        await workflow.sleep(0.01)
        await workflow.wait_condition(lambda: False)


@workflow.defn(name="Waiting")
class Impatient:
    """The same with the sleep forgotten."""

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: False)


async def begin(client: Client, queue: str, id: str) -> None:
    """Starts one and waits until its sleep is over."""
    handle = await client.start_workflow("Waiting", id=id, task_queue=queue)
    awake = False
    async for event in handle.fetch_history_events(wait_new_event=True):
        awake = awake or event.HasField("timer_fired_event_attributes")
        if awake and event.HasField("workflow_task_completed_event_attributes"):
            return


@pytest.mark.parametrize("count", [1, 3])
async def test_the_first_event_in_the_way_is_named(client: Client, count: int) -> None:
    queue = f"open{count}"
    async with make_worker(client, queue, [Waiting]):
        for number in range(count):
            await begin(client, queue, f"{queue}:{number}")
        assert await check_open(client, queue, [Waiting]) == (count, [])
        tried, problems = await check_open(client, queue, [Impatient])
        assert tried == count
        # The newest first.
        assert [one.history for one in problems] == [f"{queue}:{n}" for n in range(count)][::-1]
        for problem in problems:
            assert (problem.workflow, problem.event) == ("Waiting", 5)
            assert "TimerStarted" in problem.reason


async def test_others_and_what_is_over_are_none_of_it(client: Client) -> None:
    async with make_worker(client, "mine", [Waiting]), make_worker(client, "theirs", [Waiting]):
        await begin(client, "theirs", "theirs:1")
        await begin(client, "mine", "mine:1")
        await client.get_workflow_handle("mine:1").terminate()
        assert await check_open(client, "mine", [Impatient]) == (0, [])


async def test_it_is_bounded(client: Client) -> None:
    async with make_worker(client, "bounded", [Waiting]):
        for number in range(3):
            await begin(client, "bounded", f"bounded:{number}")
        tried, problems = await check_open(client, "bounded", [Impatient], most=2)
        assert (tried, [one.history for one in problems]) == (2, ["bounded:2", "bounded:1"])
        assert await check_open(client, "bounded", [Impatient], longest=4) == (3, [])
        # Wherever a history is cut off, its own code has nothing against it.
        for longest in range(1, 9):
            assert await check_open(client, "bounded", [Waiting], 1, longest) == (1, [])
