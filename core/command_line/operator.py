"""What an operator's command does on the bus of the running Rosey."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from core import config as configuration
from core.authority.login import login
from core.authority.rights import OPERATOR
from core.errors import UserError
from core.runtime import find
from rosey.bus import Bus, BusError

Result = TypeVar("Result")


def as_operator(
    data: Path, file: Path | None, action: Callable[[Bus], Awaitable[Result]]
) -> Result:
    """Does it as the operator. Raises UserError when nothing runs or NATS lets us not in."""
    settings = configuration.load(data, file).nats
    url = find(data).addresses.nats
    us = login(data, settings, OPERATOR)

    async def run() -> Result:
        try:
            bus = await Bus.connect(url, "operator", us)
        except BusError as problem:
            raise UserError(str(problem)) from problem
        try:
            return await action(bus)
        finally:
            await bus.drain()

    return asyncio.run(run())
