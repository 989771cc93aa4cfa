"""A scripted site."""

from collections.abc import AsyncIterator

import pytest

from tests.connectors.cytube.scripted import Site


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    await site.start()
    yield site
    await site.stop()
