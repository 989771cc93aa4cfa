"""One running Rosey with everything around it that rows need to measure it."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from temporalio.client import Client

from core.authority.login import login
from core.authority.rights import OPERATOR
from core.bench import peer
from core.bench.processes import Rosey, running, until
from core.bench.room import Room
from core.bench.sender import Sender
from core.config import NatsConfig
from core.plugins import load
from rosey.bus import Bus, BusError
from temporal.client import connect

SITE = "site"  # the connection to the bare sender
ROSEY = "Rosey"
GUEST = "bench"
# The connector lets a line through at once when the last one is this old. Seconds.
PACE = 0.16
PATIENCE = 15.0

Say = Callable[[str], None]


class Asked(NamedTuple):
    """A line to say, and what its answer has in it."""

    line: str
    answer: str


STATELESS = Asked("!roll d6", "🎲")
DURABLE = Asked("!trivia scores", "No game")


@dataclass
class Stand:
    """`guest` sits in the lounge, `room` is a platform that the bench plays itself."""

    folder: Path
    say: Say
    rosey: Rosey
    sender: Sender
    bus: Bus
    client: Client
    guest: Any
    room: Room

    async def round_trip(self) -> float:
        """Seconds of a bare NATS request to another process and back."""
        began = time.perf_counter()
        await self.bus.request(peer.ECHO, b"", PATIENCE)
        return time.perf_counter() - began

    async def chat(self, asked: Asked, patience: float = PATIENCE) -> float:
        """Seconds from saying a line in the lounge to Rosey's answer there."""
        since = len(self.guest.lines)
        began = time.perf_counter()
        await self.guest.say(asked.line)
        await self.guest.wait_line(
            lambda line: line.user == ROSEY and asked.answer in line.text, patience, since
        )
        return time.perf_counter() - began

    async def join(self, count: int = 0) -> None:
        """Lets the bare client join the sender's room anew, to count or to pass on."""
        self.sender.forget(peer.NAME)
        asked = peer.Join(url=self.sender.url, count=count)
        await self.bus.request(peer.JOIN, asked.model_dump_json().encode(), PATIENCE)
        await self.sender.joined(peer.NAME)


@asynccontextmanager
async def open_stand(folder: Path, say: Say) -> AsyncIterator[Stand]:
    """Starts all of it, and ends all of it."""
    async with AsyncExitStack() as stack:
        sender = Sender()
        await sender.start()
        stack.push_async_callback(sender.stop)
        rosey = Rosey(folder / "rosey", {SITE: sender.url})
        stack.push_async_callback(rosey.stop)
        say("starting a Rosey of our own")
        await rosey.start()
        addresses = rosey.runtime.addresses
        bus = await Bus.connect(addresses.nats, "bench", login(rosey.data, NatsConfig(), OPERATOR))
        stack.push_async_callback(bus.drain)
        await stack.enter_async_context(
            running(sys.executable, "-m", "core.bench.peer", addresses.nats, str(rosey.data))
        )
        client = await connect(addresses.temporal)
        guest = load("connectors.lounge.guest:Guest")(addresses.lounge, name=GUEST, reconnect=True)
        await stack.enter_async_context(guest)
        room = Room(bus)
        await room.open()
        await sender.joined(ROSEY)
        stand = Stand(folder, say, rosey, sender, bus, client, guest, room)
        await until(lambda: _answered(stand), PATIENCE, "the bench's second process did not start")
        await _warm_up(stand)
        yield stand


async def _answered(stand: Stand) -> bool:
    try:
        await stand.round_trip()
    except (BusError, TimeoutError):
        return False
    return True


async def _warm_up(stand: Stand) -> None:
    """What happens only once is not what is measured."""
    for _ in range(3):
        for asked in (STATELESS, DURABLE):
            await stand.chat(asked)
            await asyncio.sleep(PACE)
