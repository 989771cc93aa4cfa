"""A local web server for tests of the media sources."""

from collections.abc import AsyncIterator

import pytest

from tests.activities.media.fakes import Site, running_site


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with running_site() as site:
        yield site
