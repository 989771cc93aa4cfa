"""A bus without a server: what Bus promises, for the tests of plugins."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextvars import Context
from typing import Self

from nats.errors import ConnectionClosedError
from nats.js.api import PubAck
from nats.js.errors import NoStreamResponseError, NotFoundError

from rosey import streams
from rosey.bus import Bucket, Bus, BusError, Consumer, Incoming, Login, Middleware
from rosey.bus.bucket import Heard, sound
from rosey.bus.consumer import Word
from rosey.bus.incoming import Hear
from rosey.bus.login import ANONYMOUS
from rosey.ids import derive
from rosey.streams import ConsumerSpec
from rosey.subjects import matches
from rosey.testing.memory import Durable, Kept, Memory, Stream, Values

log = logging.getLogger("rosey.testing")


class MemoryBus(Bus):
    """One process's connection to a Memory; `another` makes a second one to the same.

    Nothing is declared at first, as on a server just made. It has neither `client` nor `js`.
    """

    def __init__(
        self, middlewares: Sequence[Middleware] = (), memory: Memory | None = None
    ) -> None:
        # Not super(): that is the connection to a server.
        self.memory = memory or Memory()
        self.middlewares = tuple(middlewares)
        self.login = ANONYMOUS
        self.url = "memory"
        self.refusals = 0
        self._refused = {}
        self._problem = None
        self._ended = asyncio.Event()
        self._consumers = []
        self._listening = []
        self._watching: list[tuple[Values, Heard]] = []

    @classmethod
    async def connect(
        cls,
        url: str,
        name: str,
        login: Login = ANONYMOUS,
        middlewares: Sequence[Middleware] = (),
    ) -> Self:
        """A bus of its own, whatever the address."""
        return cls(middlewares)

    async def another(self, name: str) -> Bus:
        return MemoryBus(self.middlewares, self.memory)

    @property
    def is_connected(self) -> bool:
        return not self._ended.is_set()

    def _check(self) -> None:
        if not self.is_connected:
            raise ConnectionClosedError

    async def _publish(
        self, subject: str, data: bytes, headers: dict[str, str] | None, reply: str
    ) -> None:
        self._check()
        heard, _ = self.memory.send(subject, data, headers, reply)
        if reply and not heard:
            self.memory.send(reply, b"", {"Status": "503"})

    async def _request(
        self, subject: str, data: bytes, timeout: float, headers: dict[str, str] | None
    ) -> bytes:
        self._check()
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        async def receive(incoming: Incoming) -> None:
            if not answer.done():
                answer.set_result(incoming.data)

        inbox = f"_INBOX.{derive('i', id(answer))}"
        subscription = await self._subscribe(inbox, receive, "")
        try:
            heard, _ = self.memory.send(subject, data, headers, inbox)
            if not heard:
                raise BusError(f"Nobody answers on {subject}.")
            return await asyncio.wait_for(answer, timeout)
        finally:
            await subscription.unsubscribe()

    async def _subscribe(self, subject: str, handler: Hear, queue: str) -> "MemorySubscription":
        self._check()
        return MemorySubscription(self.memory, subject, handler, queue)

    async def _keep_once(self, subject: str, data: bytes, headers: dict[str, str]) -> PubAck:
        self._check()
        _, ack = self.memory.send(subject, data, headers)
        if ack is None:
            raise NoStreamResponseError
        return ack

    async def _keep_soon(
        self, subject: str, data: bytes, headers: dict[str, str]
    ) -> "asyncio.Future[PubAck]":
        return asyncio.ensure_future(self._keep_once(subject, data, headers))

    async def last(self, stream: str, subject: str) -> bytes | None:
        self._check()
        kept = self.stored(stream)
        return next((one.data for one in reversed(kept) if matches(subject, one.subject)), None)

    def stored(self, stream: str) -> list[Kept]:
        """Everything in a stream, in order."""
        known = self.memory.streams.get(stream)
        return list(known.messages) if known else []

    async def make(self, spec: ConsumerSpec) -> None:
        stream = self.memory.streams.get(spec.stream)
        if stream is None:
            raise NotFoundError
        if spec.durable not in stream.durables:
            seen = len(stream.messages) if spec.only_new else 0
            stream.durables[spec.durable] = Durable(stream, spec, seen)
        stream.durables[spec.durable].spec = spec

    async def unmake(self, spec: ConsumerSpec) -> None:
        if stream := self.memory.streams.get(spec.stream):
            stream.durables.pop(spec.durable, None)

    async def _look_for(self, spec: ConsumerSpec) -> None:
        self._check()
        self._durable(spec)

    def _durable(self, spec: ConsumerSpec) -> Durable:
        stream = self.memory.streams.get(spec.stream)
        if stream is None or spec.durable not in stream.durables:
            raise NotFoundError
        return stream.durables[spec.durable]

    def _feed(self, spec: ConsumerSpec) -> "MemoryFeed":
        return MemoryFeed(self._durable(spec))

    def bucket(self, name: str) -> "MemoryBucket":
        return MemoryBucket(self, name)

    async def declare(self, plugins: Iterable[str] = (), connections: Iterable[str] = ()) -> None:
        plugins, connections = list(plugins), list(connections)
        for config in streams.wanted_streams(plugins):
            known = self.memory.streams.setdefault(config.name or "", Stream(config))
            known.config = config
        for bucket in streams.buckets():
            self.memory.buckets.setdefault(bucket.bucket, Values(bucket.ttl))
        for spec in streams.wanted_consumers(plugins, connections):
            await self.make(spec)

    def watch(self, values: Values, heard: Heard) -> None:
        """Until drained."""
        values.listeners.append(heard)
        self._watching.append((values, heard))

    def on_reconnect(self, action: Callable[[], Awaitable[None]]) -> None:
        """Never called: a connection to memory does not break."""

    def on_refusal(self, action: Callable[[str, str], Awaitable[None]]) -> None:
        """Never called: everybody may do everything."""

    async def drain(self) -> None:
        await self._stop_taking()
        for values, heard in self._watching:
            values.listeners.remove(heard)
        self._watching = []
        self._ended.set()


class MemorySubscription:
    """Calls the handler for one message after the other."""

    def __init__(self, memory: Memory, subject: str, handler: Hear, queue: str) -> None:
        self.subject = subject
        self.queue = queue
        self._memory = memory
        self._handler = handler
        self._waiting: asyncio.Queue[Incoming] = asyncio.Queue()
        self._task = asyncio.get_running_loop().create_task(self._work(), context=Context())
        memory.listeners.append(self)

    def hear(self, incoming: Incoming) -> None:
        self._waiting.put_nowait(incoming)

    async def unsubscribe(self) -> None:
        if self in self._memory.listeners:
            self._memory.listeners.remove(self)
        self._task.cancel()

    async def drain(self) -> None:
        if self in self._memory.listeners:
            self._memory.listeners.remove(self)
            await self._waiting.join()
        await self.unsubscribe()

    async def _work(self) -> None:
        while True:
            incoming = await self._waiting.get()
            try:
                await self._handler(incoming)
            except Exception:  # a handler's bug must not end the subscription
                log.exception("%s failed", incoming.subject)
            finally:
                self._waiting.task_done()


class MemoryFeed:
    """Takes from a durable."""

    def __init__(self, durable: Durable) -> None:
        self._durable = durable
        self._consumer: Consumer | None = None

    async def start(self, consumer: Consumer) -> None:
        self._consumer = consumer
        self._durable.takers.append(self)
        self._durable.wake()

    async def stop(self) -> None:
        if self in self._durable.takers:
            self._durable.takers.remove(self)

    async def ask(self) -> None:
        """There are no reconnects."""

    async def tend(self) -> None:
        """Nothing is asked for that could run out."""

    async def answer(self, reply: str, word: Word, delay: float = 0.0) -> None:
        self._durable.answer(reply, word, delay)

    def take(self, kept: Kept, tries: int) -> None:
        assert self._consumer
        self._consumer.take(
            f"{kept.seq} {tries}", kept.subject, kept.data, dict(kept.headers), kept.seq, tries
        )


class MemoryBucket(Bucket):
    """A bucket in memory."""

    def __init__(self, bus: MemoryBus, name: str) -> None:
        # Not super(): that is a bucket on a server.
        self._memory_bus = bus
        self.name = name

    @property
    def _held(self) -> Values:
        self._memory_bus._check()
        held = self._memory_bus.memory.buckets.get(self.name)
        if held is None:
            raise BusError(f"There is no bucket {self.name}: declare() makes them.")
        return held

    async def get(self, key: str) -> bytes | None:
        return self._held.values.get(sound(key))

    async def revision(self, key: str) -> int:
        return self._held.revisions[key] if sound(key) in self._held.values else 0

    async def put(self, key: str, value: bytes, ttl: float | None = None) -> None:
        self._held.write(sound(key), value, ttl)

    async def delete(self, key: str) -> None:
        self._held.write(sound(key), None)

    async def purge(self, key: str) -> None:
        await self.delete(key)

    async def keys(self) -> list[str]:
        return list(self._held.values)

    async def watch(self, heard: Heard, key: str = ">") -> None:
        def hear(changed: str, value: bytes | None) -> None:
            if matches(key, changed):
                heard(changed, value)

        self._memory_bus.watch(self._held, hear)
