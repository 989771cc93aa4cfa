from collections.abc import Iterator

import pytest
from temporalio.client import Client

from temporal.client import connect
from tests.temporal_servers import shared_dev_server


@pytest.fixture(scope="session")
def temporal_address() -> Iterator[str]:
    with shared_dev_server() as address:
        yield address


@pytest.fixture
async def client(temporal_address: str) -> Client:
    return await connect(temporal_address)
