"""One host for one data folder."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from core.errors import UserError
from core.runtime import LOCK_NAME, alive

# So long the children of a host that was killed may take to die.
ORPHANS_SECONDS = 15.0


class AlreadyRunning(UserError):
    """Another host holds the data folder."""

    def __init__(self, data: Path, pid: int | None) -> None:
        holder = f"process {pid}" if pid else "another process"
        super().__init__(
            f"Rosey is already running on {data} ({holder} holds it); stop it with bin/rosey down, "
            "or choose another folder with --data DIR."
        )


@asynccontextmanager
async def hold(data: Path) -> AsyncIterator[int]:
    """Holds the folder and yields the descriptor that children inherit.

    A child that outlives its host keeps the lock, so the next host never meets it.
    Raises AlreadyRunning; at once when the holder lives, after a while when only orphans do.
    """
    descriptor = os.open(data / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        await _lock(descriptor, data)
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


async def _lock(descriptor: int, data: Path) -> None:
    deadline = asyncio.get_running_loop().time() + ORPHANS_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = _holder(descriptor)
            if alive(pid) or asyncio.get_running_loop().time() > deadline:
                raise AlreadyRunning(data, pid) from None
            await asyncio.sleep(0.05)
        else:
            return


def _holder(descriptor: int) -> int | None:
    text = os.pread(descriptor, 32, 0).decode(errors="replace").strip()
    return int(text) if text.isdigit() else None
