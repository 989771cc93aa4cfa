"""Temporal for tests: the time-skipping server, or the real one with its own database file."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from core.host.ports import free_port
from tests.servers import binary


@asynccontextmanager
async def time_skipping() -> AsyncIterator[WorkflowEnvironment]:
    """A server on which hours pass in no time while nobody works."""
    environment = await WorkflowEnvironment.start_time_skipping(
        data_converter=pydantic_data_converter,
        port=free_port(),
        test_server_existing_path=binary("temporal-test-server"),
    )
    async with environment:
        yield environment


@asynccontextmanager
async def dev_server(*flags: str) -> AsyncIterator[WorkflowEnvironment]:
    """The real server that `bin/rosey up` starts too, in memory; `flags` are added to its own."""
    from temporal.server import prepare

    environment = await WorkflowEnvironment.start_local(
        data_converter=pydantic_data_converter,
        port=free_port(),
        dev_server_existing_path=binary("temporal"),
        dev_server_log_level="error",
        dev_server_extra_args=flags,
    )
    async with environment:
        await prepare(environment.client.service_client.config.target_host)
        yield environment


@contextmanager
def shared_dev_server() -> Iterator[str]:
    """The real server for a whole test session, whatever loops the tests have: its address."""
    with asyncio.Runner() as runner:
        server = dev_server()
        environment = runner.run(server.__aenter__())
        try:
            yield environment.client.service_client.config.target_host
        finally:
            runner.run(server.__aexit__(None, None, None))
