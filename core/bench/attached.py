"""Plugins in the bench's second process: each with its own connection, each hears every line."""

import asyncio
import time
from contextlib import suppress

from pydantic import BaseModel

from rosey.bus import Bus, Delivery, Incoming
from rosey.events import Message
from rosey.streams import ConsumerSpec

ATTACH = "bench.attach"
DETACH = "bench.detach"
BARE = "bench.bare"
STREAM = "BENCH"
STORED = "bench.stored"
FILLING = b"." * 200
PATIENCE = 10.0


class Attach(BaseModel):
    """How many are to hear `count` lines each; `bare`: with nats-py alone, and nothing kept."""

    plugins: int
    count: int
    bare: bool = False


class Heard(BaseModel):
    """Each plugin's lines in the order in which they came: number, and microseconds under way.

    `seconds` are from the first that was said until the last was heard by all.
    """

    plugins: list[list[tuple[int, int]]]
    seconds: float


def consumer(plugin: int) -> ConsumerSpec:
    """What a plugin hears with; the bench makes it before anybody attaches."""
    return ConsumerSpec(STREAM, f"bench-{plugin}", (STORED,))


def line(number: int) -> str:
    """What is said. All processes of a machine have the same clock."""
    return f"{time.monotonic_ns()} {number}"


def bare_line(number: int) -> bytes:
    """The same and as many bytes as a message, for those who are to read nothing else."""
    return b"%b{%b" % (line(number).encode(), FILLING)


class Attached:
    """The plugins that hear at present."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self._buses: list[Bus] = []
        self._begin(Attach(plugins=0, count=0))

    async def start(self) -> None:
        await self.bus.subscribe(ATTACH, self._attach)
        await self.bus.subscribe(DETACH, self._detach)

    async def stop(self) -> None:
        for bus in self._buses:
            await bus.drain()
        self._buses.clear()

    def _begin(self, asked: Attach) -> None:
        self._asked = asked
        self._heard: list[list[tuple[int, int]]] = [[] for _ in range(asked.plugins)]
        self._times: list[int] = []
        self._news = asyncio.Event()

    async def _attach(self, incoming: Incoming) -> None:
        await self.stop()
        self._begin(Attach.model_validate_json(incoming.data))
        for plugin in range(self._asked.plugins):
            bus = await self.bus.another(f"bench plugin {plugin}")
            self._buses.append(bus)
            await self._listen(bus, plugin)
            await bus.client.flush()
        await self.bus.publish(incoming.reply, b"")

    async def _listen(self, bus: Bus, plugin: int) -> None:
        async def handle(delivery: Delivery) -> None:
            now = time.monotonic_ns()
            self._note(plugin, now, Message.read(delivery.data).text)

        async def hear(incoming: Incoming) -> None:
            self._note(plugin, time.monotonic_ns(), incoming.data.partition(b"{")[0].decode())

        if self._asked.bare:
            await bus.subscribe(BARE, hear)
        else:
            await bus.consume(consumer(plugin), handle)

    def _note(self, plugin: int, now: int, text: str) -> None:
        said, number = map(int, text.split())
        self._heard[plugin].append((number, (now - said) // 1000))
        self._times = [min([said, *self._times[:1]]), now]
        self._news.set()

    async def _detach(self, incoming: Incoming) -> None:
        """Answers when all has been heard, or no more is in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while any(len(each) < self._asked.count for each in self._heard):
                    self._news.clear()
                    await self._news.wait()
        await self.stop()
        first, last = self._times or (0, 0)
        heard = Heard(plugins=self._heard, seconds=(last - first) / 1e9)
        await self.bus.publish(incoming.reply, heard.model_dump_json().encode())
