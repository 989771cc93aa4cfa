"""One connection to NATS: publish, request, subscribe, store, consume, key-value, drain."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Self

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import AuthorizationError, ConnectionReconnectingError, SlowConsumerError
from nats.errors import TimeoutError as NatsTimeout
from nats.js import JetStreamContext
from nats.js.api import Header, PubAck
from nats.js.errors import Error as JetStreamError
from nats.js.errors import (
    NoStreamResponseError,
    NotFoundError,
    ServerError,
    ServiceUnavailableError,
)

from rosey import streams, tasks
from rosey.bus.bucket import Bucket, Mirror
from rosey.bus.consumer import Consumer, Feed, Handler
from rosey.bus.errors import BusError, StreamFull
from rosey.bus.incoming import Hear, Incoming, Subscribed
from rosey.bus.knocking import CONNECT_PATIENCE, knock, no_connection
from rosey.bus.login import ANONYMOUS, Login
from rosey.bus.middleware import Middleware, around_handling, around_sending
from rosey.bus.pull import Pull
from rosey.streams import ConsumerSpec

log = logging.getLogger("rosey.bus")

TURNED_AWAY = "authorization"
# So often in a row, and it is no passing thing.
LAST_TURN = 10
REFUSED = re.compile(r'permissions violation for (?P<what>\w+) to "(?P<subject>[^"]+)"', re.I)

ACK_PATIENCE = 2.0
STORE_PATIENCE = 15.0
# The server's number for a stream that has reached its limits and discards what is new.
STREAM_FULL = 10077
TELL_DROPPED_EVERY = 1000
PENDING_ACKS = 1024
# Worth another try: the server is away or has not elected itself yet.
PASSING = (
    NatsTimeout,
    NoStreamResponseError,
    ServiceUnavailableError,
    ConnectionReconnectingError,
    asyncio.TimeoutError,
)


class Bus:
    """A process's connection. Reconnects for ever once connected; fails at once before that."""

    def __init__(
        self, client: Client, login: Login = ANONYMOUS, middlewares: Sequence[Middleware] = ()
    ) -> None:
        self.client = client
        self.login = login
        self.middlewares = tuple(middlewares)
        self.url = ""
        self.refusals = 0
        self.dropped = 0
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
        self._listening: list[Subscribed] = []

    @classmethod
    async def connect(
        cls,
        url: str,
        name: str,
        login: Login = ANONYMOUS,
        middlewares: Sequence[Middleware] = (),
    ) -> Self:
        """`url` may be several with commas between. A connection once made is made again for ever.

        Raises BusError after two seconds when no server answers or none lets us in.
        """
        bus = cls(Client(), login, middlewares)
        bus.url = url
        servers = [each.strip() for each in url.split(",")]
        try:
            # The library retries a first connection for minutes; a person wants to know now.
            await knock(servers)
            async with asyncio.timeout(CONNECT_PATIENCE):
                await bus._connect(servers, name)
        except (OSError, ValueError, nats.errors.Error, TimeoutError) as problem:
            with suppress(AssertionError):  # the library's, for a client that never got so far
                await bus.client.close()
            why = bus._problem or problem
            turned_away = bus._turned_away.is_set()
            raise BusError(no_connection(url, name, why, turned_away, login.given)) from problem
        return bus

    async def _connect(self, servers: list[str], name: str) -> None:
        """Ends as soon as the server has said no, which the library would ask again and again."""
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
            turned_away.cancel()
            await tasks.end(connecting, again_after=0.1)

    async def another(self, name: str) -> "Bus":
        """A second connection of the same process, with the same rights."""
        return await Bus.connect(self.url, name, self.login, self.middlewares)

    async def ended(self) -> None:
        """Waits until the server does not want us any more, then raises BusError."""
        await self._ended.wait()
        raise BusError(f"NATS does not want us any more: {self._problem or 'we left'}.")

    @property
    def is_connected(self) -> bool:
        return bool(self.client.is_connected)

    def sending(
        self, subject: str, headers: dict[str, str] | None = None
    ) -> AbstractContextManager[dict[str, str] | None]:
        """Around a message that is sent past `publish` and `store`; gives its headers."""
        if not self.middlewares:
            return nullcontext(headers)
        return around_sending(self.middlewares, subject, headers)

    def handling(self, subject: str, headers: Mapping[str, str]) -> AbstractContextManager[object]:
        """Around work that begins here: what it sends belongs to one trace."""
        if not self.middlewares:
            return nullcontext()
        return around_handling(self.middlewares, subject, headers)

    async def publish(
        self, subject: str, data: bytes, headers: dict[str, str] | None = None, reply: str = ""
    ) -> None:
        """Sends without waiting and without keeping; lost when nobody listens."""
        with self.sending(subject, headers) as own:
            await self._publish(subject, data, own, reply)

    async def _publish(
        self, subject: str, data: bytes, headers: dict[str, str] | None, reply: str
    ) -> None:
        await self.client.publish(subject, data, reply=reply, headers=headers)

    async def request(self, subject: str, data: bytes, timeout: float = 5.0) -> bytes:
        """One answer within `timeout` s. Raises TimeoutError, or BusError when nobody hears."""
        with self.sending(subject) as headers:
            return await self._request(subject, data, timeout, headers)

    async def _request(
        self, subject: str, data: bytes, timeout: float, headers: dict[str, str] | None
    ) -> bytes:
        try:
            answer = await self.client.request(subject, data, timeout=timeout, headers=headers)
        except nats.errors.NoRespondersError as problem:
            raise BusError(f"Nobody answers on {subject}.") from problem
        except TimeoutError:
            self._explain(subject)
            raise
        return answer.data

    async def subscribe(self, subject: str, handler: Hear, queue: str = "") -> Subscribed:
        """Calls `handler` for each message in order; `queue` shares them among processes."""

        async def hear(incoming: Incoming) -> None:
            with self.handling(incoming.subject, incoming.headers):
                await handler(incoming)

        heard_by = hear if self.middlewares else handler
        subscription = await self._subscribe(subject, heard_by, queue)
        self._listening.append(subscription)
        return subscription

    async def _subscribe(self, subject: str, handler: Hear, queue: str) -> Subscribed:
        async def receive(msg: Msg) -> None:
            await handler(Incoming(msg.subject, msg.data, msg.reply, dict(msg.headers or {})))

        return await self.client.subscribe(subject, queue=queue, cb=receive)

    async def store(
        self, subject: str, data: bytes, id: str, patience: float = STORE_PATIENCE
    ) -> PubAck:
        """Keeps a message in its stream once, however often it is stored under this `id`.

        Tries again for `patience` seconds while the server is away, then raises BusError. Raises
        StreamFull at once.
        """
        return await self.keep(subject, data, {Header.MSG_ID: id}, patience)

    async def keep(
        self, subject: str, data: bytes, headers: dict[str, str], patience: float
    ) -> PubAck:
        """As `store` does, with headers of one's own."""
        with self.sending(subject, headers) as own:
            return await self._keep(subject, data, own or headers, patience)

    async def _keep(
        self, subject: str, data: bytes, headers: dict[str, str], patience: float
    ) -> PubAck:
        deadline = asyncio.get_running_loop().time() + patience
        while True:
            try:
                return await self._keep_once(subject, data, headers)
            except PASSING as problem:
                self._explain(subject)
                if getattr(problem, "err_code", None) == STREAM_FULL:
                    raise StreamFull(f"{subject}: its stream is full.") from problem
                if asyncio.get_running_loop().time() >= deadline:
                    raise BusError(f"{subject} could not be stored: {problem}") from problem
                await asyncio.sleep(0.1)

    async def _keep_once(self, subject: str, data: bytes, headers: dict[str, str]) -> PubAck:
        return await self.js.publish(subject, data, timeout=ACK_PATIENCE, headers=headers)

    async def store_soon(self, subject: str, data: bytes, id: str) -> "asyncio.Future[PubAck]":
        """Sends now; the future ends when the stream has it. At most 1024 are under way."""
        headers: dict[str, str] = {Header.MSG_ID: id}
        with self.sending(subject, headers) as own:
            return await self._keep_soon(subject, data, own or headers)

    async def _keep_soon(
        self, subject: str, data: bytes, headers: dict[str, str]
    ) -> "asyncio.Future[PubAck]":
        return await self.js.publish_async(subject, data, headers=headers)

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
        consumer = Consumer(self, spec, handler, self._feed(spec))
        await consumer.start()
        self._consumers.append(consumer)
        return consumer

    def _feed(self, spec: ConsumerSpec) -> Feed:
        return Pull(self, spec)

    async def make(self, spec: ConsumerSpec) -> None:
        """Creates a consumer or changes it; only core and the operator have the right to."""
        await self.js.add_consumer(spec.stream, spec.config)

    async def unmake(self, spec: ConsumerSpec) -> None:
        """Deletes a consumer if it is there; only core and the operator have the right to."""
        with suppress(NotFoundError):
            await self.js.delete_consumer(spec.stream, spec.durable)

    async def made(self, spec: ConsumerSpec) -> None:
        """Waits until the consumer is there, and with it all streams and buckets.

        Raises BusError after 15 seconds.
        """
        deadline = asyncio.get_running_loop().time() + STORE_PATIENCE
        while True:
            try:
                return await self._look_for(spec)
            except (NotFoundError, *PASSING) as problem:
                if asyncio.get_running_loop().time() >= deadline:
                    raise BusError(
                        f"{spec.durable} on {spec.stream} is not there ({problem}). The router "
                        "makes it when it starts: is it running, and may we use the consumer?"
                    ) from problem
                await asyncio.sleep(0.1)

    async def _look_for(self, spec: ConsumerSpec) -> None:
        """Raises NotFoundError when the consumer is not there."""
        await self.js.consumer_info(spec.stream, spec.durable, timeout=ACK_PATIENCE)

    def forget(self, consumer: Consumer) -> None:
        """For a consumer that has stopped."""
        if consumer in self._consumers:
            self._consumers.remove(consumer)

    def bucket(self, name: str) -> Bucket:
        return Bucket(self, name)

    async def mirror(
        self,
        name: str,
        on_change: Callable[[str, bytes | None], None] | None = None,
        only: str = "",
    ) -> Mirror:
        """A bucket's present content, or `only` one key, held in memory and kept up to date."""
        mirror = Mirror(self.bucket(name), on_change, only)
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
            except ServerError as problem:
                raise BusError(
                    f"NATS does not take Rosey's streams: {problem.description}. Give JetStream "
                    "about a gigabyte on its disk (max_file_store, where the server sets it)."
                ) from problem
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
        """Stops taking, lets work in hand end, sends what waits, and closes.

        What takes longer than two seconds is left.
        """
        await self._stop_taking()
        if self._catching_up:
            await tasks.end(self._catching_up)
        if self.client.is_closed:
            return
        try:
            if self.client.is_connected:
                await asyncio.wait_for(self.client.flush(), CONNECT_PATIENCE)
        except (TimeoutError, nats.errors.Error):
            log.warning("the bus did not take the last messages before closing")
        with suppress(OSError):  # the connection was lost, and nobody takes what is left to send
            await self.client.close()
        if self.client._reconnection_task:
            await tasks.end(self.client._reconnection_task, again_after=0.1)

    async def _stop_taking(self) -> None:
        listening = self._listening if self.is_connected else []
        await asyncio.gather(
            *(consumer.stop() for consumer in self._consumers), *map(_drained, listening)
        )

    async def _reconnected(self) -> None:
        log.info("connected to NATS again")
        self._turns = 0
        for consumer in self._consumers:
            await consumer.feed.ask()
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
        # What the server said at the very end the library keeps and does not tell.
        self._problem = self.client.last_error or self._problem
        self._ended.set()

    async def _note(self, problem: Exception) -> None:
        """The server's complaints; what it refuses is remembered for the one who waits for it."""
        self._problem = problem
        if isinstance(problem, SlowConsumerError):
            self._too_slow(problem.subject)
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
        log.error("NATS does not let us %s %s: %s", what, refused["subject"], self._rules)
        for action in self._on_refusal:
            await action(what, refused["subject"])

    def _too_slow(self, subject: str) -> None:
        """The library threw a message away because too many of its subscription wait for us."""
        self.dropped += 1
        if self.dropped % TELL_DROPPED_EVERY == 1:
            log.warning("we do not keep up with %s: %d messages dropped", subject, self.dropped)

    @property
    def _rules(self) -> str:
        return "its own rules forbid it" if self.login.given else "no manifest allows it"

    def _explain(self, subject: str) -> None:
        """Raises BusError when what was waited for was refused by the server a moment ago."""
        at = self._refused.get(subject.lower())
        if at is not None and asyncio.get_running_loop().time() - at < STORE_PATIENCE:
            raise BusError(f"NATS does not let us publish {subject}: {self._rules}.")


async def _drained(subscription: Subscribed) -> None:
    with suppress(TimeoutError, nats.errors.Error):  # not longer; or it was ended before
        await asyncio.wait_for(subscription.drain(), CONNECT_PATIENCE)
