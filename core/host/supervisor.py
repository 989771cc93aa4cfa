"""All processes of one Rosey: started in stages, kept running, stopped in the opposite order."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path

from core.errors import UserError
from core.host.process import KeptProcess
from core.host.specs import ProcessSpec, Stage
from core.host.turns import turns

log = logging.getLogger("core.host")

# Together under three seconds: Temporal alone needs up to 1.4 to close its file.
OWN_GRACE_SECONDS = 1.2
SERVER_GRACE_SECONDS = 1.6
# A process that hangs at its start holds up the next stage for so long.
SETTLE_SECONDS = 20.0

Changed = Callable[[KeptProcess], None]


class Supervisor:
    """`lock` is the descriptor that children inherit; `changed` is called at every new state."""

    def __init__(
        self, specs: Sequence[ProcessSpec], data: Path, lock: int, changed: Changed
    ) -> None:
        self._data = data
        self._lock = lock
        self._seen_by = changed
        self.processes = {spec.name: KeptProcess(spec, data, lock, changed) for spec in specs}
        # Set when every stage was started and had its time to answer.
        self.started = asyncio.Event()
        self._group: asyncio.TaskGroup | None = None
        self._beside: set[KeptProcess] = set()

    async def run(
        self, stop: asyncio.Event, farewell: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        """Starts everything, keeps it running, and stops it when `stop` is set.

        `farewell` comes when the servers are all that is left.
        """
        async with asyncio.TaskGroup() as group:
            self._group = group
            starting = group.create_task(self._start(group))
            await stop.wait()
            starting.cancel()
            self._group = None
            await self._stop(farewell)

    async def ready(self) -> None:
        """Waits until every process answers."""
        await _ready(self.processes.values())

    async def restart(self, names: Sequence[str]) -> None:
        """Ends the named processes and starts them again, all at once."""
        await asyncio.gather(*(self.processes[name].restart() for name in names))

    def add(self, spec: ProcessSpec) -> KeptProcess:
        """Starts one more while the others run. Raises UserError when they are being stopped."""
        process = self._begin_one(spec, self._seen_by)
        self.processes[spec.name] = process
        return process

    async def drop(self, name: str) -> None:
        """Ends one for good."""
        await self.processes.pop(name).stop(OWN_GRACE_SECONDS)

    def beside(self, spec: ProcessSpec, changed: Changed) -> KeptProcess:
        """Starts a process that nobody sees until it replaces another. Raises UserError."""
        process = self._begin_one(spec, changed)
        self._beside.add(process)
        return process

    def _begin_one(self, spec: ProcessSpec, changed: Changed) -> KeptProcess:
        if self._group is None:
            raise UserError("Rosey is being stopped, and starts nothing any more.")
        process = KeptProcess(spec, self._data, self._lock, changed)
        self._group.create_task(process.keep())
        process.go()
        return process

    def replace(self, name: str, new: KeptProcess) -> KeptProcess:
        """Gives the name to `new`, which is ready; returns the old one, to be dismissed."""
        old = self.processes[name]
        new.take_over(old)
        self.processes[name] = new
        self._beside.remove(new)
        self._beside.add(old)
        return old

    async def dismiss(self, process: KeptProcess, grace: float) -> None:
        """Ends one that nobody sees."""
        await process.stop(grace)
        self._beside.discard(process)

    def own(self) -> list[str]:
        """The names of Rosey's own processes, the servers aside."""
        return [name for name, each in self.processes.items() if not each.spec.stage.is_server]

    async def _start(self, group: asyncio.TaskGroup) -> None:
        """All load at once what they need; each begins its work when what it needs answers."""
        servers = self._begin(group, Stage.BUS, Stage.TEMPORAL)
        _go(servers)
        await _ready(each for each in servers if each.spec.stage is Stage.BUS)
        services = self._begin(group, Stage.SERVICES)
        connectors = self._begin(group, Stage.CONNECTORS)
        async with asyncio.TaskGroup() as going:
            self._go_in_turn(services, going)
            await _ready(servers)
            await _settled(services)
        _go(connectors)
        await _settled(connectors)
        self.started.set()

    def _go_in_turn(self, services: list[KeptProcess], group: asyncio.TaskGroup) -> None:
        """Who calls services of others waits until they answer; the rest goes at once."""
        waits, lines = turns({each.name: each.spec.calls for each in services})
        for line in lines:
            log.warning("%s", line)
        _go(each for each in services if not waits[each.name])
        for each in services:
            if waits[each.name]:
                group.create_task(self._go_after(each, sorted(waits[each.name])))

    async def _go_after(self, process: KeptProcess, names: list[str]) -> None:
        called = [self.processes[name] for name in names if name in self.processes]
        await _settled(called)
        for each in called:
            if each.state.state != "ready":
                told = (process.name, each.name, each.state.state)
                log.warning("%s calls services of %s, which is %s; it starts all the same", *told)
        process.go()

    def _begin(self, group: asyncio.TaskGroup, *stages: Stage) -> list[KeptProcess]:
        members = [each for each in self.processes.values() if each.spec.stage in stages]
        for process in members:
            group.create_task(process.keep())
        return members

    async def _stop(self, farewell: Callable[[], Awaitable[None]] | None) -> None:
        own = [*(self.processes[name] for name in self.own()), *self._beside]
        servers = [each for each in self.processes.values() if each.spec.stage.is_server]
        await asyncio.gather(*(process.stop(OWN_GRACE_SECONDS) for process in own))
        if farewell:
            await farewell()
        await asyncio.gather(*(process.stop(SERVER_GRACE_SECONDS) for process in servers))


def _go(processes: Iterable[KeptProcess]) -> None:
    for process in processes:
        process.go()


async def _ready(processes: Iterable[KeptProcess]) -> None:
    await asyncio.gather(*(process.ready() for process in processes))


async def _settled(processes: Iterable[KeptProcess]) -> None:
    """All answer or plainly do not start; one that hangs is waited for only so long."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SETTLE_SECONDS):
            await asyncio.gather(*(process.settled() for process in processes))
