"""All processes of one Rosey: started in stages, kept running, stopped in the opposite order."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path

from core.host.process import KeptProcess
from core.host.specs import ProcessSpec, Stage

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
        self.processes = {spec.name: KeptProcess(spec, data, lock, changed) for spec in specs}
        # Set when every stage was started and had its time to answer.
        self.started = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Starts everything, keeps it running, and stops it when `stop` is set."""
        async with asyncio.TaskGroup() as group:
            starting = group.create_task(self._start(group))
            await stop.wait()
            starting.cancel()
            await self._stop()

    async def ready(self) -> None:
        """Waits until every process answers."""
        await asyncio.gather(*(process.ready() for process in self.processes.values()))

    async def restart(self, names: Sequence[str]) -> None:
        """Ends the named processes and starts them again, all at once."""
        await asyncio.gather(*(self.processes[name].restart() for name in names))

    def own(self) -> list[str]:
        """The names of Rosey's own processes, the servers aside."""
        return [
            name
            for name, process in self.processes.items()
            if process.spec.stage is not Stage.SERVERS
        ]

    async def _start(self, group: asyncio.TaskGroup) -> None:
        for stage in Stage:
            members = self._members(stage)
            for process in members:
                group.create_task(process.keep())
            if stage is Stage.SERVERS:
                # Nothing works without them.
                await asyncio.gather(*(process.ready() for process in members))
            else:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(SETTLE_SECONDS):
                        await asyncio.gather(*(process.settled() for process in members))
        self.started.set()

    async def _stop(self) -> None:
        own = [self.processes[name] for name in self.own()]
        await asyncio.gather(*(process.stop(OWN_GRACE_SECONDS) for process in own))
        servers = self._members(Stage.SERVERS)
        await asyncio.gather(*(process.stop(SERVER_GRACE_SECONDS) for process in servers))

    def _members(self, stage: Stage) -> list[KeptProcess]:
        return [each for each in self.processes.values() if each.spec.stage is stage]
