"""A plugin's new code takes over from the old without a gap, or the old one goes on."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from core.errors import UnknownName, UserError
from core.host import notify
from core.host.process import KeptProcess
from core.host.specs import ProcessSpec
from core.host.supervisor import Supervisor

READY_SECONDS = 20.0
# What the old one has in hand it may finish; what it cannot comes again to the new one.
DRAIN_SECONDS = 5.0
KILL_SECONDS = 0.2

Reloaded = Callable[[str, int | None], None]


class NotReloaded(UserError):
    """The old code goes on; why the new one could not take over."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name} was not reloaded and runs on as it was: {why}")


class Reloads:
    """`reloaded` is told a plugin's name and new process id at the moment of its taking over."""

    def __init__(self, supervisor: Supervisor, reloaded: Reloaded) -> None:
        self._supervisor = supervisor
        self._reloaded = reloaded
        self._under_way: set[str] = set()

    def plugin(self, name: str) -> KeptProcess:
        """The process of a plugin. Raises UnknownName, or UserError for what is no plugin."""
        processes = self._supervisor.processes
        if name not in processes:
            plugins = [each for each, process in processes.items() if process.spec.plugin]
            raise UnknownName("plugin", name, plugins)
        if not processes[name].spec.plugin:
            raise UserError(
                f"{name} is no plugin; bin/rosey restart {name} ends it and starts it again."
            )
        return processes[name]

    async def reload(self, name: str, *, force: bool = False) -> float:
        """Returns after how many seconds the new code was live; the old process has ended then.

        With `force` open workflows are not tried with the new code first. Raises UserError,
        NotReloaded when the old code goes on.
        """
        old = self.plugin(name)
        if name in self._under_way:
            raise UserError(f"{name} is being reloaded already; wait for that to end.")
        self._under_way.add(name)
        try:
            return await self._exchange(old, force)
        finally:
            self._under_way.discard(name)

    async def _exchange(self, old: KeptProcess, force: bool) -> float:
        began = asyncio.get_running_loop().time()
        held = old.held
        candidate = Candidate(self._supervisor, old.spec, force)
        try:
            why = await candidate.wait()
            if not why and old.held != held:
                why = old.held or "somebody has restarted it meanwhile"
        except asyncio.CancelledError:
            await self._supervisor.dismiss(candidate.process, KILL_SECONDS)
            raise
        if why:
            await self._supervisor.dismiss(candidate.process, KILL_SECONDS)
            raise NotReloaded(old.name, why)
        self._reloaded(old.name, candidate.process.state.pid)
        replaced = self._supervisor.replace(old.name, candidate.process)
        seconds = asyncio.get_running_loop().time() - began
        await self._supervisor.dismiss(replaced, DRAIN_SECONDS)
        return seconds


class Candidate:
    """New code in a process that nobody sees yet; it has one try."""

    def __init__(self, supervisor: Supervisor, spec: ProcessSpec, force: bool) -> None:
        told = {} if force else {notify.REHEARSE: "1"}
        once = replace(spec, env={**spec.env, **told}, most_crashes=1)
        self._news = asyncio.Event()
        self._why = ""
        self.process = supervisor.beside(once, self._changed)

    def _changed(self, process: KeptProcess) -> None:
        if process.state.state == "crashed":
            self._why = process.state.last_error or "it crashed"
        self._news.set()

    async def wait(self) -> str:
        """Empty when it is ready, else why it cannot take over."""
        try:
            async with asyncio.timeout(READY_SECONDS):
                while self.process.state.state in ("waiting", "starting"):
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            words = self.process.last_words()
            late = f"the new code was not ready after {READY_SECONDS:g} seconds"
            return f"{late}: {words}" if words else late
        if self.process.state.state == "ready":
            return ""
        return self._why or "Rosey is being stopped"
