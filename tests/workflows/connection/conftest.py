from collections.abc import Iterator

import pytest

from tests.temporal_servers import shared_dev_server


@pytest.fixture(scope="session")
def temporal_address() -> Iterator[str]:
    with shared_dev_server() as address:
        yield address
