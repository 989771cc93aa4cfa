"""Watches for those who try what they may not, tells the operators, and stops who keeps trying."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from pydantic import ValidationError

from core.authority import rights
from core.authority.violations import Tally, Try, read
from rosey import clock, ids, subjects
from rosey.bus import Bus, BusError, Incoming
from rosey.events import Refusal, Restricted, Violation

log = logging.getLogger("core.authority")

LOOK_EVERY = 0.3
# The server's log is the better witness; a process's own word counts when the log is silent.
LOG_FIRST = 1.0

Names = Callable[[], dict[str, str]]
Stop = Callable[[str, str], Awaitable[None]]


class Guard:
    """`names` of the public keys; `counted` is told each new count, `stop` stops a plugin."""

    def __init__(
        self, bus: Bus, names: Names, counted: Callable[[str, int], None], stop: Stop
    ) -> None:
        self._bus = bus
        self._names = names
        self._counted = counted
        self._stop = stop
        self._tally = Tally()
        self._checking: set[asyncio.Task[None]] = set()

    async def watch(self, logfile: Path | None) -> None:
        """Until cancelled. Without a log, as for a server elsewhere, processes tell themselves."""
        await self._bus.subscribe(subjects.REFUSALS, self._hear)
        if logfile is None:
            await asyncio.Event().wait()
            return
        async for line in follow(logfile):
            if tried := read(line, self._names()):
                self._tally.log(tried, _now())
                await self._note(tried)

    def forgive(self, plugin: str) -> None:
        """Somebody has started the plugin again: it is counted anew."""
        self._tally.forgive(rights.plugin_name(plugin))

    async def _hear(self, incoming: Incoming) -> None:
        who = incoming.subject.rpartition(".")[2]
        try:
            told = Refusal.read(incoming.data)
        except ValidationError:
            return  # a process may tell nonsense of itself
        tried = Try(who, told.what, told.subject, clock.now())
        checking = asyncio.create_task(self._check(tried), name=f"check what {who} tells")
        self._checking.add(checking)
        checking.add_done_callback(self._checking.discard)

    async def _check(self, tried: Try) -> None:
        await asyncio.sleep(LOG_FIRST)
        if not self._tally.knows(tried, _now()):
            await self._note(tried)

    async def _note(self, tried: Try) -> None:
        too_many = self._tally.add(tried.who, _now())
        count = self._tally.counts[tried.who]
        log.warning("%s may not %s %s", tried.who, tried.what, tried.subject)
        self._counted(tried.who, count)
        violation = Violation(
            id=ids.derive("v", tried.who, tried.what, tried.subject, tried.at.timestamp(), count),
            who=tried.who,
            what=tried.what,
            subject=tried.subject,
            at=tried.at,
            count=count,
        )
        await self._tell(subjects.VIOLATION, violation)
        plugin = tried.who.removeprefix("plugin-")
        if too_many and plugin != tried.who:
            await self._restrict(plugin, count)

    async def _restrict(self, plugin: str, count: int) -> None:
        self.forgive(plugin)
        await self._stop(
            plugin, f"stopped: it tried {count} times what its manifest does not allow"
        )
        now = clock.now()
        restricted = Restricted(
            id=ids.derive("v", plugin, now.timestamp()), plugin=plugin, count=count, at=now
        )
        await self._tell(subjects.RESTRICTED, restricted)

    async def _tell(self, subject: str, event: Violation | Restricted) -> None:
        try:
            await self._bus.store(subject, event.wire(), event.id)
        except BusError as problem:
            log.warning("the bus did not take %s: %s", subject, problem)


async def follow(file: Path) -> AsyncIterator[str]:
    """Lines that are written to `file` from now on; goes on in a new file of that name."""
    position = file.stat().st_size if file.exists() else 0
    rest = b""
    while True:
        await asyncio.sleep(LOOK_EVERY)
        if not file.exists():
            continue
        if file.stat().st_size < position:
            position, rest = 0, b""
        with file.open("rb") as log_file:
            log_file.seek(position)
            fresh = log_file.read()
        position += len(fresh)
        *lines, rest = (rest + fresh).split(b"\n")
        for line in lines:
            yield line.decode(errors="replace")


def _now() -> float:
    return asyncio.get_running_loop().time()
