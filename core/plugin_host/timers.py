"""A plugin's timers: each handler in each room, at the end of every interval."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime

from nats.errors import Error as NatsError
from nats.js.errors import Error as JetStreamError

from rosey import clock, ids, tasks
from rosey.bus import BusError
from rosey.events import NOBODY, Command
from rosey.timers import Timer

log = logging.getLogger("core.plugin_host")

# A clock may be set while we sleep.
LONGEST_SLEEP = 30.0


class Timers:
    """Gives `tick` a command for every interval and room, by the wall clock.

    An interval that ends while the handlers of the one before are at work is left out. Its id is
    the same in every process, so that what it leads to is stored once.
    """

    def __init__(
        self,
        plugin: str,
        timers: Sequence[Timer],
        rooms: Callable[[], Iterable[str]],
        tick: Callable[[Command], Awaitable[None]],
    ) -> None:
        self.plugin = plugin
        self._timers = timers
        self._rooms = rooms
        self._tick = tick
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """The first tick is that of the next interval to begin."""
        self._tasks = [
            asyncio.create_task(self._keep(timer), name=f"{self.plugin} {timer.action}")
            for timer in self._timers
        ]

    async def stop(self) -> None:
        await tasks.end(*self._tasks)

    async def _keep(self, timer: Timer) -> None:
        while True:
            number = timer.next(_now())
            await _until(number * timer.seconds)
            await asyncio.gather(*(self._run(timer, number, room) for room in self._rooms()))

    async def _run(self, timer: Timer, number: int, room: str) -> None:
        command = Command(
            id=ids.tick_id(self.plugin, timer.action, room, number),
            plugin=self.plugin,
            action=timer.action,
            channel=room,
            user=NOBODY,
            sent_at=datetime.fromtimestamp(number * timer.seconds, UTC),
        )
        try:
            await self._tick(command)
        except (BusError, NatsError, JetStreamError, TimeoutError) as problem:
            log.warning("%s %s in %s is lost: %s", self.plugin, timer.action, room, problem)


def _now() -> float:
    return clock.now().timestamp()


async def _until(moment: float) -> None:
    while (left := moment - _now()) > 0:
        await asyncio.sleep(min(left, LONGEST_SLEEP))
