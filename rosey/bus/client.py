"""One connection to NATS: publish, request, subscribe, store, consume, key-value, drain."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Self

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import ConnectionReconnectingError
from nats.errors import TimeoutError as NatsTimeout
from nats.js import JetStreamContext
from nats.js.api import Header, PubAck
from nats.js.errors import NoStreamResponseError, NotFoundError, ServiceUnavailableError

from rosey import streams
from rosey.bus.bucket import Bucket, Mirror
from rosey.bus.consumer import Consumer, Handler

log = logging.getLogger("rosey.bus")

CONNECT_PATIENCE = 2.0
ACK_PATIENCE = 2.0
STORE_PATIENCE = 15.0
PENDING_ACKS = 1024
# Worth another try: the server is away or has not elected itself yet.
PASSING = (
    NatsTimeout,
    NoStreamResponseError,
    ServiceUnavailableError,
    ConnectionReconnectingError,
    asyncio.TimeoutError,
)


class BusError(Exception):
    """The bus cannot be used; the text is a sentence for the operator."""


@dataclass
class Incoming:
    """A message without a stream, perhaps with somebody waiting for an answer."""

    subject: str
    data: bytes
    reply: str
    headers: dict[str, str] = field(default_factory=dict)


class Bus:
    """A process's connection. Reconnects for ever once connected; fails at once before that."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.js: JetStreamContext = client.jetstream(publish_async_max_pending=PENDING_ACKS)
        self._on_reconnect: list[Callable[[], Awaitable[None]]] = []
        self._consumers: list[Consumer] = []

    @classmethod
    async def connect(cls, url: str, name: str) -> Self:
        """Raises BusError when nothing answers at `url`."""
        client = Client()
        bus = cls(client)
        try:
            # The library retries a first connection for minutes; a person wants to know now.
            await _knock(url)
            await client.connect(
                url,
                name=name,
                connect_timeout=2,
                reconnect_time_wait=0.2,  # type: ignore[arg-type]  # seconds, passed to sleep
                max_reconnect_attempts=-1,
                ping_interval=10,
                allow_reconnect=True,
                reconnected_cb=bus._reconnected,
                error_cb=_log_error,
                pending_size=64 * 1024 * 1024,
            )
        except (OSError, ValueError, nats.errors.Error, TimeoutError) as problem:
            raise BusError(
                f"No NATS server answers at {url} ({problem}). Start Rosey with `bin/rosey up`, "
                "or set ROSEY_NATS_URL to the server to use."
            ) from problem
        return bus

    @property
    def is_connected(self) -> bool:
        return bool(self.client.is_connected)

    async def publish(
        self, subject: str, data: bytes, headers: dict[str, str] | None = None, reply: str = ""
    ) -> None:
        """Sends without waiting and without keeping; lost when nobody listens."""
        await self.client.publish(subject, data, reply=reply, headers=headers)

    async def request(self, subject: str, data: bytes, timeout: float = 5.0) -> bytes:
        """One answer within `timeout` s. Raises TimeoutError, or BusError when nobody hears."""
        try:
            return (await self.client.request(subject, data, timeout=timeout)).data
        except nats.errors.NoRespondersError as problem:
            raise BusError(f"Nobody answers on {subject}.") from problem

    async def subscribe(
        self, subject: str, handler: Callable[[Incoming], Awaitable[None]], queue: str = ""
    ) -> Subscription:
        """Calls `handler` for each message in order; `queue` shares them among processes."""

        async def receive(msg: Msg) -> None:
            await handler(Incoming(msg.subject, msg.data, msg.reply, dict(msg.headers or {})))

        return await self.client.subscribe(subject, queue=queue, cb=receive)

    async def store(
        self, subject: str, data: bytes, id: str, patience: float = STORE_PATIENCE
    ) -> PubAck:
        """Keeps a message in its stream once, however often it is stored under this `id`.

        Tries again for `patience` seconds while the server is away, then raises BusError.
        """
        deadline = asyncio.get_running_loop().time() + patience
        while True:
            try:
                return await self.js.publish(
                    subject, data, timeout=ACK_PATIENCE, headers={Header.MSG_ID: id}
                )
            except PASSING as problem:
                if asyncio.get_running_loop().time() >= deadline:
                    raise BusError(f"{subject} could not be stored: {problem}") from problem
                await asyncio.sleep(0.1)

    async def store_soon(self, subject: str, data: bytes, id: str) -> "asyncio.Future[PubAck]":
        """Sends now; the future ends when the stream has it. At most 1024 are under way."""
        return await self.js.publish_async(subject, data, headers={Header.MSG_ID: id})

    async def last(self, stream: str, subject: str) -> bytes | None:
        """The newest message that the stream keeps on this subject."""
        try:
            return (await self.js.get_last_msg(stream, subject)).data
        except NotFoundError:
            return None

    async def consume(
        self,
        stream: str,
        durable: str,
        subjects: list[str],
        handler: Handler,
        *,
        ack_wait: float = 5.0,
        at_once: int = 256,
    ) -> Consumer:
        """Delivers what the stream keeps to `handler`, starting in order; see Consumer."""
        consumer = Consumer(self, stream, durable, subjects, handler, ack_wait, at_once)
        await consumer.start()
        self._consumers.append(consumer)
        return consumer

    def forget(self, consumer: Consumer) -> None:
        """For a consumer that has stopped."""
        if consumer in self._consumers:
            self._consumers.remove(consumer)

    async def bucket(self, name: str) -> Bucket:
        return Bucket(self, await self.js.key_value(name))

    async def mirror(
        self, name: str, on_change: Callable[[str, bytes | None], None] | None = None
    ) -> Mirror:
        """A bucket's present content held in memory and kept up to date."""
        mirror = Mirror(self, await self.js.key_value(name), name, on_change)
        await mirror.start()
        self.on_reconnect(mirror.load)
        return mirror

    async def declare(self, plugins: Iterable[str] = ()) -> None:
        """Makes sure of the streams and buckets, waiting a little for a server just started."""
        deadline = asyncio.get_running_loop().time() + STORE_PATIENCE
        while True:
            try:
                return await streams.declare(self.js, plugins)
            except PASSING as problem:
                if asyncio.get_running_loop().time() >= deadline:
                    raise BusError(f"NATS has no working JetStream: {problem}") from problem
                await asyncio.sleep(0.1)

    def on_reconnect(self, action: Callable[[], Awaitable[None]]) -> None:
        self._on_reconnect.append(action)

    async def drain(self) -> None:
        """Stops taking, lets work in hand end, sends what waits, and closes."""
        for consumer in list(self._consumers):
            await consumer.stop()
        if self.client.is_closed:
            return
        try:
            if self.client.is_connected:
                await asyncio.wait_for(self.client.flush(), CONNECT_PATIENCE)
        except (TimeoutError, nats.errors.Error):
            log.warning("the bus did not take the last messages before closing")
        await self.client.close()

    async def _reconnected(self) -> None:
        log.info("connected to NATS again")
        for consumer in self._consumers:
            await consumer.ask()
        for action in self._on_reconnect:
            await action()


async def _knock(url: str) -> None:
    address = url.split("//")[-1].split("@")[-1]
    host, _, port = address.rpartition(":")
    _, writer = await asyncio.wait_for(
        asyncio.open_connection(host or address, int(port or 4222)), CONNECT_PATIENCE
    )
    writer.close()


async def _log_error(problem: Exception) -> None:
    log.debug("NATS: %s", problem)
