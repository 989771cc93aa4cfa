"""Which plugins still say that they are alive: their presence is renewed every two seconds."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress

import nats.errors

from core.host.process import KeptProcess
from rosey import subjects
from rosey.bus import Bus, Incoming

LOOK_EVERY = 1.0
# Three beats, and a little for the way.
SILENT_SECONDS = 6.5
FLUSH_SECONDS = 1.0
SETTLE_SECONDS = 0.1

Turn = Callable[[str, str, str], None]


class Pulse:
    """`processes` are those of the moment; `turn` is told what is wrong with which, or well."""

    def __init__(self, processes: Callable[[], Iterable[KeptProcess]], turn: Turn) -> None:
        self._processes = processes
        self._turn = turn
        self._heard: dict[str, float] = {}
        self._pids: dict[str, int | None] = {}

    async def watch(self, bus: Bus) -> None:
        """Until cancelled. While the bus is away nobody is judged."""
        await bus.subscribe(subjects.kept(subjects.PLUGINS_BUCKET, ">"), self._hear)
        bus.on_reconnect(self._wait_again)
        await self._wait_again()
        while True:
            await asyncio.sleep(LOOK_EVERY)
            if self._silent() and not await _answers(bus):
                await self._wait_again()
            self._judge()

    async def _hear(self, incoming: Incoming) -> None:
        self._heard[incoming.subject.rpartition(".")[2]] = _now()

    async def _wait_again(self) -> None:
        """Nobody could be heard, so all have time for a word."""
        self._heard = {process.name: _now() for process in self._plugins()}

    def _plugins(self) -> list[KeptProcess]:
        return [each for each in self._processes() if each.spec.plugin]

    def _silent(self) -> list[KeptProcess]:
        """Those that run and were not heard of for too long."""
        for each in self._plugins():
            if self._pids.get(each.name) != each.state.pid:  # a new one has time for its first word
                self._pids[each.name] = each.state.pid
                self._heard[each.name] = _now()
        return [
            each
            for each in self._plugins()
            if each.state.state in ("ready", "unhealthy")
            and _now() - self._heard.get(each.name, 0.0) > SILENT_SECONDS
        ]

    def _judge(self) -> None:
        silent = self._silent()
        for each in self._plugins():
            well = f"{each.name} is well again."
            if each in silent:
                why = "it runs and does not say that it is alive"
                wrong = f"{each.name}: {why}; bin/rosey restart {each.name} helps if it hangs."
                self._turn(f"plugin {each.name}", wrong, well)
                each.doubt(why)
            else:
                self._turn(f"plugin {each.name}", "", well)
                each.trust()


async def _answers(bus: Bus) -> bool:
    """Whether what was sent to us has come: a server that hangs makes everybody silent."""
    with suppress(nats.errors.Error, TimeoutError, OSError):
        await asyncio.wait_for(bus.client.flush(), FLUSH_SECONDS)
        await asyncio.sleep(SETTLE_SECONDS)
        return bus.is_connected
    return False


def _now() -> float:
    return asyncio.get_running_loop().time()
