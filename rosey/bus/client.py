"""One connection to NATS: publish, request, subscribe, store, consume, key-value, drain."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import AuthorizationError, ConnectionReconnectingError
from nats.errors import TimeoutError as NatsTimeout
from nats.js import JetStreamContext
from nats.js.api import Header, PubAck
from nats.js.errors import Error as JetStreamError
from nats.js.errors import NoStreamResponseError, NotFoundError, ServiceUnavailableError

from rosey import streams
from rosey.bus.bucket import Bucket, Mirror
from rosey.bus.consumer import Consumer, Handler
from rosey.bus.login import ANONYMOUS, Login
from rosey.streams import ConsumerSpec

log = logging.getLogger("rosey.bus")

TURNED_AWAY = "authorization"
# So often in a row, and it is no passing thing.
LAST_TURN = 10
REFUSED = re.compile(r'permissions violation for (?P<what>\w+) to "(?P<subject>[^"]+)"', re.I)

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

    def __init__(self, client: Client, login: Login = ANONYMOUS) -> None:
        self.client = client
        self.login = login
        self.url = ""
        self.refusals = 0
        self._refused: dict[str, float] = {}
        self._problem: Exception | None = None
        self._turned_away = asyncio.Event()
        self._turns = 0
        self._ended = asyncio.Event()
        self._on_refusal: list[Callable[[str, str], Awaitable[None]]] = []
        self.js: JetStreamContext = client.jetstream(publish_async_max_pending=PENDING_ACKS)
        self._on_reconnect: list[Callable[[], Awaitable[None]]] = []
        self._catching_up: asyncio.Task[None] | None = None
        self._consumers: list[Consumer] = []

    @classmethod
    async def connect(cls, url: str, name: str, login: Login = ANONYMOUS) -> Self:
        """`url` may be several with commas between. A connection once made is made again for ever.

        Raises BusError after two seconds when no server answers or none lets us in.
        """
        bus = cls(Client(), login)
        bus.url = url
        servers = [each.strip() for each in url.split(",")]
        try:
            # The library retries a first connection for minutes; a person wants to know now.
            await _knock(servers)
            async with asyncio.timeout(CONNECT_PATIENCE):
                await bus._connect(servers, name)
        except (OSError, ValueError, nats.errors.Error, TimeoutError) as problem:
            with suppress(AssertionError):  # the library's, for a client that never got so far
                await bus.client.close()
            raise BusError(bus._no_connection(name, problem)) from problem
        return bus

    async def _connect(self, servers: list[str], name: str) -> None:
        connecting = asyncio.ensure_future(
            self.client.connect(
                servers,
                name=name,
                connect_timeout=2,
                reconnect_time_wait=0.2,  # type: ignore[arg-type]  # seconds, passed to sleep
                max_reconnect_attempts=-1,
                ping_interval=10,
                allow_reconnect=True,
                reconnected_cb=self._reconnected,
                closed_cb=self._closed,
                error_cb=self._note,
                pending_size=64 * 1024 * 1024,
                **self.login.options,
            )
        )
        turned_away = asyncio.ensure_future(self._turned_away.wait())
        try:
            await asyncio.wait((connecting, turned_away), return_when="FIRST_COMPLETED")
            if not connecting.done():
                raise AuthorizationError
            await connecting
        finally:
            connecting.cancel()
            turned_away.cancel()

    async def another(self, name: str) -> "Bus":
        """A second connection of the same process, with the same rights."""
        return await Bus.connect(self.url, name, self.login)

    async def ended(self) -> None:
        """Waits until the server does not want us any more, then raises BusError."""
        await self._ended.wait()
        raise BusError(f"NATS does not want us any more: {self._problem or 'we left'}.")

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
        except TimeoutError:
            self._explain(subject)
            raise

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
                self._explain(subject)
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

    async def consume(self, spec: ConsumerSpec, handler: Handler) -> Consumer:
        """Delivers what the stream keeps to `handler`, starting in order; see Consumer.

        Raises BusError when nobody makes the consumer in time.
        """
        await self.made(spec)
        consumer = Consumer(self, spec, handler)
        await consumer.start()
        self._consumers.append(consumer)
        return consumer

    async def make(self, spec: ConsumerSpec) -> None:
        """Creates a consumer or changes it; only core and the operator have the right to."""
        await self.js.add_consumer(spec.stream, spec.config)

    async def made(self, spec: ConsumerSpec) -> None:
        """Waits until the consumer is there, and with it all streams and buckets.

        Raises BusError after 15 seconds.
        """
        deadline = asyncio.get_running_loop().time() + STORE_PATIENCE
        while True:
            try:
                await self.js.consumer_info(spec.stream, spec.durable, timeout=ACK_PATIENCE)
                return
            except (NotFoundError, *PASSING) as problem:
                if asyncio.get_running_loop().time() >= deadline:
                    raise BusError(
                        f"{spec.durable} on {spec.stream} is not there ({problem}). The router "
                        "makes it when it starts: is it running, and may we use the consumer?"
                    ) from problem
                await asyncio.sleep(0.1)

    def forget(self, consumer: Consumer) -> None:
        """For a consumer that has stopped."""
        if consumer in self._consumers:
            self._consumers.remove(consumer)

    def bucket(self, name: str) -> Bucket:
        return Bucket(self, name)

    async def mirror(
        self, name: str, on_change: Callable[[str, bytes | None], None] | None = None
    ) -> Mirror:
        """A bucket's present content held in memory and kept up to date."""
        mirror = Mirror(self, name, on_change)
        await mirror.start()
        self.on_reconnect(mirror.load)
        return mirror

    async def declare(self, plugins: Iterable[str] = (), connections: Iterable[str] = ()) -> None:
        """Makes sure of streams, buckets and consumers, waiting a little for a server just started.

        Raises BusError. Only core has the right to.
        """
        plugins, connections = list(plugins), list(connections)
        deadline = asyncio.get_running_loop().time() + STORE_PATIENCE
        while True:
            try:
                return await streams.declare(self.js, plugins, connections)
            except PASSING as problem:
                if asyncio.get_running_loop().time() >= deadline:
                    raise BusError(f"NATS has no working JetStream: {problem}") from problem
                await asyncio.sleep(0.1)
            except JetStreamError as problem:
                raise BusError(f"NATS does not make what Rosey needs: {problem}") from problem

    def on_reconnect(self, action: Callable[[], Awaitable[None]]) -> None:
        self._on_reconnect.append(action)

    def on_refusal(self, action: Callable[[str, str], Awaitable[None]]) -> None:
        """`action("publish" or "subscribe", subject)` for all that the server does not let us do.

        The library gives the subject in small letters.
        """
        self._on_refusal.append(action)

    async def drain(self) -> None:
        """Stops taking, lets work in hand end, sends what waits, and closes."""
        for consumer in list(self._consumers):
            await consumer.stop()
        if self._catching_up:
            self._catching_up.cancel()
            await asyncio.gather(self._catching_up, return_exceptions=True)
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
        self._turns = 0
        for consumer in self._consumers:
            await consumer.ask()
        if self._catching_up:
            self._catching_up.cancel()
        self._catching_up = asyncio.create_task(self._catch_up(), name="catch up")

    async def _catch_up(self) -> None:
        """A server that has just come back may not answer yet."""
        for action in self._on_reconnect:
            while True:
                try:
                    await action()
                    break
                except (nats.errors.Error, JetStreamError, TimeoutError) as problem:
                    log.debug("NATS is not quite back: %s", problem)
                    await asyncio.sleep(0.1)

    async def _closed(self) -> None:
        self._ended.set()

    async def _note(self, problem: Exception) -> None:
        """The server's complaints; what it refuses is remembered for the one who waits for it."""
        self._problem = problem
        refused = REFUSED.search(str(problem))
        if TURNED_AWAY in str(problem).lower():
            self._turned_away.set()
            self._turns += 1
            if self._turns >= LAST_TURN:
                self._ended.set()
        if refused is None:
            log.debug("NATS: %s", problem)
            return
        what = "publish" if refused["what"].lower() == "publish" else "subscribe"
        self.refusals += 1
        self._refused[refused["subject"].lower()] = asyncio.get_running_loop().time()
        log.error("NATS does not let us %s %s: no manifest allows it", what, refused["subject"])
        for action in self._on_refusal:
            await action(what, refused["subject"])

    def _no_connection(self, name: str, problem: Exception) -> str:
        if self._turned_away.is_set():
            return (
                f"NATS at {self.url} does not let {name} in. Each process has a key in the folder "
                "`keys` of the data folder: is it this Rosey's server, and its data folder?"
            )
        return (
            f"No NATS server answers at {self.url} ({self._problem or problem}). Start Rosey with "
            "`bin/rosey up`, or set ROSEY_NATS_URL to the server to use."
        )

    def _explain(self, subject: str) -> None:
        """Raises BusError when what was waited for was refused by the server a moment ago."""
        at = self._refused.get(subject.lower())
        if at is not None and asyncio.get_running_loop().time() - at < STORE_PATIENCE:
            raise BusError(f"NATS does not let us publish {subject}: no manifest allows it.")


async def _knock(servers: list[str]) -> None:
    """Raises the last one's problem when none of the servers takes a connection."""
    problem: Exception = ValueError("no address")
    for server in servers:
        address = urlsplit(server if "://" in server else f"nats://{server}")
        try:
            _, writer = await asyncio.wait_for(
                asyncio.open_connection(address.hostname, address.port or 4222), CONNECT_PATIENCE
            )
        except (OSError, TimeoutError) as why:
            problem = why
            continue
        writer.close()
        return
    raise problem
