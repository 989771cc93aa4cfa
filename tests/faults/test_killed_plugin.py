"""A plugin's process is killed fifty times while a room plays: nobody else notices.

Half of the kills hit it at work, half as soon as it has been started again. Then an operator
restarts it, so that the test does not wait for the longer and longer pauses of the host.
"""

import asyncio
from contextlib import AsyncExitStack
from itertools import count

import pytest

from connectors.lounge.guest import Guest
from core.host import control
from rosey import tasks
from tests.faults.chain import ROLLED
from tests.faults.signs import answered, said
from tests.rosey_process import RoseyProcess
from tests.servers import until

KILLED = "eightball"
KILLS = 50
PAUSE = 0.2  # between two lines of the load
PATIENCE = 60.0


class Gambler:
    """Rolls dice all the time, each roll like no other."""

    def __init__(self, guest: Guest) -> None:
        self._guest = guest
        self.asked = 0

    async def play(self) -> None:
        for number in count():
            dice, modifier = divmod(number, 100)
            await self._guest.say(f"!roll {dice + 1}d6+{modifier}")
            self.asked = number + 1
            await asyncio.sleep(PAUSE)

    @property
    def answers(self) -> list[int]:
        found = [ROLLED.match(line) for line in said(self._guest, "🎲")]
        return [roll[1].count(",") * 100 + int(roll[2] or 0) for roll in found if roll]


class Victim:
    """The plugin whose process is killed."""

    def __init__(self, running: RoseyProcess) -> None:
        self._running = running
        self._before: int = running.runtime["processes"][KILLED]["restarts"]

    async def kill(self) -> int:
        """Returns the pid that is no more, once the host has noticed."""
        kills = self.kills
        pid = self._running.kill(KILLED)
        await until(lambda: self.kills == kills + 1, PATIENCE, "the host notices")
        return pid

    async def started(self, old: int) -> None:
        state = self._running.runtime["processes"]
        await until(lambda: self._pid not in (None, old), PATIENCE, f"it is started, not {state}")

    async def restart(self) -> None:
        """As an operator does; returns when it is ready."""
        request = {"command": "restart", "name": KILLED}
        told = await asyncio.to_thread(control.ask, self._running.data, request, PATIENCE)
        assert told["processes"] == {KILLED: "ready"}

    @property
    def kills(self) -> int:
        return int(self._running.runtime["processes"][KILLED]["restarts"]) - self._before

    @property
    def _pid(self) -> int | None:
        pid: int | None = self._running.runtime["processes"][KILLED]["pid"]
        return pid


def others(running: RoseyProcess) -> dict[str, tuple[int, int]]:
    """Process id and restarts of the host and of all the rest."""
    known = running.runtime
    found = {
        name: (each["pid"], each["restarts"])
        for name, each in known["processes"].items()
        if name != KILLED
    }
    return {"host": (known["pid"], 0), **found}


@pytest.mark.timeout(240)
async def test_fifty_kills_leave_the_rest_untouched(running: RoseyProcess, alice: Guest) -> None:
    before = others(running)
    assert {"host", "nats", "temporal", "router", "database", "dice", "trivia"} <= before.keys()
    gambler, victim = Gambler(alice), Victim(running)
    async with AsyncExitStack() as stack:
        playing = asyncio.create_task(gambler.play())
        stack.push_async_callback(tasks.end, playing)
        for _ in range(KILLS // 2):
            since = len(alice.lines)
            await victim.started(await victim.kill())
            await victim.kill()
            await alice.wait_line(lambda line: bool(ROLLED.match(line.text)), PATIENCE, since)
            await victim.restart()
    assert victim.kills == KILLS
    asked = list(range(gambler.asked))
    await until(lambda: len(gambler.answers) >= len(asked), PATIENCE, "all rolls are answered")
    assert sorted(gambler.answers) == asked
    assert others(running) == before
    async with Guest(running.room, name="bob") as bob:
        await answered(bob, "!8ball Is it well?", "“Is it well?”", PATIENCE)
