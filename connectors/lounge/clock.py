"""The time of a house, and things to be done later; tests drive one by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol


class Due(Protocol):
    """Something that was put off."""

    def cancel(self) -> None: ...


class Clock(Protocol):
    """Seconds from any start; they never go back."""

    def time(self) -> float: ...
    def call_at(self, when: float, callback: Callable[[], None], /) -> Due: ...


class LoopClock:
    """The time of the running loop."""

    def time(self) -> float:
        return asyncio.get_running_loop().time()

    def call_at(self, when: float, callback: Callable[[], None], /) -> Due:
        return asyncio.get_running_loop().call_at(when, callback)
