"""Leaving out what only costs time."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without(module: str) -> Iterator[None]:
    """For an import that can do without `module` and takes long with it.

    nats-py imports aiohttp for WebSockets, which takes longer than all the rest of it.
    """
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[module]
