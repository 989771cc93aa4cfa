"""A process's share of the processor and of memory, seen to from outside.

Who has used more than its share is stopped for a moment, and goes on; who takes too much memory is
ended. Nobody else is touched, and no rights are needed.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import psutil

from rosey.manifest import Limits

MEGABYTE = 2**20
# Seconds of processor: for its start, and for what comes all at once later.
AT_FIRST, SAVED = 3.0, 0.5
LOOK_EVERY, LOOK_CLOSELY = 0.25, 0.05
# With less than this left it may be through before the next leisurely look.
CLOSE = 0.25


class Share:
    """Of one process; `too_much` is told what it is ended for."""

    def __init__(self, pid: int, limits: Limits, too_much: Callable[[str], None]) -> None:
        self._pid = pid
        self._limits = limits
        self._too_much = too_much
        self._left = AT_FIRST
        self._stopped = False
        self._used = 0.0
        self._looked = 0.0

    async def keep(self) -> None:
        """Until it ends, or until cancelled; then it goes on."""
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(self._pid)
            self._looked = asyncio.get_running_loop().time()
            try:
                while not self._ended(process):
                    self._account(process)
                    await asyncio.sleep(LOOK_CLOSELY if self._left < CLOSE else LOOK_EVERY)
            finally:
                self._let(process, go=True)

    def _ended(self, process: psutil.Process) -> bool:
        """Ends it when it is too big: memory it could share counts for no limit of the kernel's."""
        taken = process.memory_info().rss / MEGABYTE
        if taken <= self._limits.memory:
            return False
        self._too_much(f"it took {taken:.0f} MB of memory; its limit is {self._limits.memory}")
        process.kill()
        return True

    def _account(self, process: psutil.Process) -> None:
        now = asyncio.get_running_loop().time()
        times = process.cpu_times()
        used = times.user + times.system
        earned = (now - self._looked) * self._limits.cpu
        self._left = min(self._left + earned, max(SAVED, self._left)) - (used - self._used)
        self._looked, self._used = now, used
        self._let(process, go=self._left >= 0)

    def _let(self, process: psutil.Process, *, go: bool) -> None:
        if go and self._stopped:
            process.resume()
        elif not go and not self._stopped:
            process.suspend()
        self._stopped = not go
