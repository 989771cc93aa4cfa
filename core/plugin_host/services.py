"""A plugin's services on the bus, which tools find as a NATS micro service."""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from time import perf_counter_ns
from typing import Any

import nats.errors
from pydantic_core import to_json

from core.authority.rights import ANSWERS
from rosey import clock, ids, subjects, tasks
from rosey.bus import Bus, Incoming
from rosey.bus.incoming import Subscribed
from rosey.events import NOBODY, Command, Happening
from rosey.manifest import PluginManifest
from rosey.plugin import Context, Refused
from rosey.services import Offer, ServiceCode, ServiceError, failed

log = logging.getLogger("core.plugin_host")

AT_ONCE = 64
LARGEST_ANSWER = 512 * 1024
# The queue by which the processes of one plugin share what is asked; every micro service has it.
QUEUE = "q"
TYPE = "io.nats.micro.v1"

Publish = Callable[[Command, int, Happening], Awaitable[None]]


@dataclass
class Endpoint:
    """A method and how it fared. Times in nanoseconds."""

    name: str
    subject: str
    queue_group: str = QUEUE
    num_requests: int = 0
    num_errors: int = 0
    last_error: str = ""
    processing_time: int = 0

    @property
    def info(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "subject": self.subject,
            "queue_group": self.queue_group,
            "metadata": {},
        }

    @property
    def stats(self) -> dict[str, Any]:
        average = self.processing_time // max(1, self.num_requests)
        return asdict(self) | {"average_processing_time": average}


class ServiceDesk:
    """Answers questions to one plugin, each by a handler with a context of its own."""

    def __init__(
        self,
        bus: Bus,
        manifest: PluginManifest,
        offers: Mapping[str, Offer],
        context: Callable[[Command], Context],
        publish: Publish,
    ) -> None:
        self.bus = bus
        self.manifest = manifest
        self._offers = offers
        self._context = context
        self._publish = publish
        self._id = secrets.token_hex(11)
        self._started = clock.now()
        self._endpoints: dict[str, Endpoint] = {}
        self._listening: list[Subscribed] = []
        self._at_work: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """A plugin that offers nothing is no service."""
        if not self._offers:
            return
        self._started = clock.now()
        for method in self._offers:
            subject = subjects.service(self.manifest.name, method)
            self._endpoints[subject] = Endpoint(method, subject)
            self._listening.append(await self.bus.subscribe(subject, self._hear, QUEUE))
        verbs = {"PING": self._ping, "INFO": self._info, "STATS": self._stats}
        for verb, answer in verbs.items():
            for name in ("", f".{self.manifest.name}", f".{self.manifest.name}.{self._id}"):
                self._listening.append(await self._listen(f"$SRV.{verb}{name}", answer))

    async def stop(self) -> None:
        """Hears no more; what is in hand has two seconds to end."""
        listening, self._listening = self._listening, []
        for subscription in listening:
            with suppress(nats.errors.Error):  # the bus is gone, and hears nothing any more
                await subscription.unsubscribe()
        if self._at_work:
            _, late = await asyncio.wait(list(self._at_work), timeout=2.0)
            await tasks.end(*late)

    # -- questions -------------------------------------------------------------------------

    async def _hear(self, incoming: Incoming) -> None:
        """Begins the answer; the next question need not wait for it."""
        if not self._may_answer(incoming):
            return
        endpoint = self._endpoints[incoming.subject]
        if len(self._at_work) >= AT_ONCE:
            busy = f"{self.manifest.name} has more to do than it can keep up with."
            await self._refuse(endpoint, incoming, ServiceError(ServiceCode.RATE_LIMITED, busy))
            return
        task = asyncio.create_task(self._serve(endpoint, incoming), name=incoming.subject)
        self._at_work.add(task)
        task.add_done_callback(self._at_work.discard)

    def _may_answer(self, incoming: Incoming) -> bool:
        """Whoever wants the answer elsewhere would have us try what we may not."""
        if not self.bus.login.seed:
            return bool(incoming.reply)
        return any(subjects.matches(each, incoming.reply) for each in ANSWERS)

    async def _serve(self, endpoint: Endpoint, incoming: Incoming) -> None:
        started = perf_counter_ns()
        endpoint.num_requests += 1
        try:
            data = await self._answer(endpoint.name, incoming)
        except ServiceError as problem:
            await self._refuse(endpoint, incoming, problem)
        else:
            await self.bus.publish(incoming.reply, data)
        endpoint.processing_time += perf_counter_ns() - started

    async def _refuse(self, endpoint: Endpoint, asked: Incoming, problem: ServiceError) -> None:
        endpoint.num_errors += 1
        endpoint.last_error = f"{problem.code}: {problem}"
        headers = {"Nats-Service-Error": problem.code, "Nats-Service-Error-Code": problem.code}
        await self.bus.publish(asked.reply, failed(problem), headers)

    async def _answer(self, method: str, incoming: Incoming) -> bytes:
        """Raises ServiceError; a handler's own bug becomes one sentence with an id."""
        name = self.manifest.name
        call = Command(
            id=ids.derive("s", name, method, incoming.reply),
            plugin=name,
            action=method,
            channel="",
            user=NOBODY,
            sent_at=clock.now(),
        )
        context = self._context(call)
        try:
            data = await self._offers[method].answer(context, incoming.data)
            self._check(context, data)
        except ServiceError:
            raise
        except Refused as refusal:
            raise ServiceError(ServiceCode.REFUSED, str(refusal)) from refusal
        except Exception as problem:  # whatever a plugin does wrong is its own failure
            log.exception("%s.%s failed (id %s)", name, method, call.id[-6:])
            raise ServiceError(
                ServiceCode.INTERNAL_ERROR,
                f"{name} failed at {method!r} (id {call.id[-6:]}). Its log says why.",
            ) from problem
        for number, event in enumerate(context.events):
            await self._publish(call, number, event)
        return data

    def _check(self, context: Context, data: bytes) -> None:
        if context.lines:
            raise ValueError("a service answers whoever asks; it says nothing in rooms")
        for event in context.events:
            if event.name not in self.manifest.events:
                raise ValueError(f"the event {event.name!r} is not in the plugin's manifest")
        if len(data) > LARGEST_ANSWER:
            raise ValueError(f"an answer of {len(data)} bytes, more than {LARGEST_ANSWER}")

    # -- tools -----------------------------------------------------------------------------

    async def _listen(self, subject: str, answer: Callable[[], dict[str, Any]]) -> Subscribed:
        async def tell(incoming: Incoming) -> None:
            if self._may_answer(incoming):
                await self.bus.publish(incoming.reply, to_json(answer()))

        return await self.bus.subscribe(subject, tell)

    def _ping(self) -> dict[str, Any]:
        return self._who("ping")

    def _info(self) -> dict[str, Any]:
        return self._who("info") | {
            "description": self.manifest.summary,
            "endpoints": [endpoint.info for endpoint in self._endpoints.values()],
        }

    def _stats(self) -> dict[str, Any]:
        return self._who("stats") | {
            "started": self._started.isoformat().replace("+00:00", "Z"),
            "endpoints": [endpoint.stats for endpoint in self._endpoints.values()],
        }

    def _who(self, answer: str) -> dict[str, Any]:
        return {
            "type": f"{TYPE}.{answer}_response",
            "name": self.manifest.name,
            "id": self._id,
            "version": self.manifest.version,
            "metadata": {},
        }
