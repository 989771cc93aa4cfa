"""Asks other plugins' services over the bus."""

import asyncio
import secrets
from collections.abc import Collection
from typing import TypeVar

import nats.errors
from pydantic import BaseModel
from pydantic_core import from_json

from rosey import subjects
from rosey.bus import Bus, Incoming
from rosey.bus.incoming import Subscribed
from rosey.services import ServiceAway, ServiceCode, ServiceError

PATIENCE = 5.0
# How the server says that nobody hears a question.
NO_RESPONDERS = "503"

Reply = TypeVar("Reply", bound=BaseModel)


class Services:
    """The services of other plugins, as far as the manifest of `plugin` lists them."""

    def __init__(self, bus: Bus, plugin: str, listed: Collection[str]) -> None:
        self.bus = bus
        self.plugin = plugin
        self.listed = frozenset(listed)
        self._inbox = f"{subjects.service_answers(bus.login.inbox)}.{secrets.token_hex(8)}"
        self._waiting: dict[str, asyncio.Future[Incoming]] = {}
        self._listening: Subscribed | None = None
        self._opening = asyncio.Lock()

    async def call(self, name: str, request: BaseModel | None, reply: type[Reply]) -> Reply:
        """Asks `dice.roll` and waits up to five seconds for its answer.

        Raises ServiceError for what is refused or not listed, ServiceAway when nobody answers.
        """
        if name not in self.listed:
            raise ServiceError(
                ServiceCode.PERMISSION_DENIED,
                f'{self.plugin} may not ask {name}: add services = ["{name}"] to its plugin.toml.',
            )
        data = request.model_dump_json().encode() if request else b""
        try:
            answer = from_json(await self.ask(name, data))
            if answer["success"]:
                return reply.model_validate(answer)
            problem = ServiceError(answer["error"]["code"], answer["error"]["message"])
        except (ValueError, LookupError, TypeError) as wrong:
            raise ServiceError(
                ServiceCode.INTERNAL_ERROR, f"{name} answered what cannot be read: {wrong}"
            ) from wrong
        raise problem

    async def ask(self, name: str, data: bytes, patience: float = PATIENCE) -> bytes:
        """What `dice.roll` says to that, as it came, whether or not a manifest lists it.

        Raises ServiceAway when nobody does within `patience` seconds.
        """
        subject = subjects.service(*name.split("."))
        try:
            await self._listen()
            token = secrets.token_hex(12)
            answer: asyncio.Future[Incoming] = asyncio.get_running_loop().create_future()
            self._waiting[token] = answer
            try:
                await self.bus.publish(subject, data, reply=f"{self._inbox}.{token}")
                incoming = await asyncio.wait_for(answer, patience)
            finally:
                del self._waiting[token]
        except TimeoutError:
            raise ServiceAway(ServiceCode.TIMEOUT, f"{name} did not answer in time.") from None
        except nats.errors.Error as problem:
            raise ServiceAway(
                ServiceCode.UNAVAILABLE, f"{name} cannot be asked now: {problem}."
            ) from problem
        if incoming.headers.get("Status") == NO_RESPONDERS:
            raise ServiceAway(ServiceCode.UNAVAILABLE, f"Nobody offers {name} now.")
        return incoming.data

    async def _listen(self) -> None:
        """Once, for all answers."""
        async with self._opening:
            if self._listening is None:
                self._listening = await self.bus.subscribe(f"{self._inbox}.*", self._hear)

    async def _hear(self, incoming: Incoming) -> None:
        waiting = self._waiting.get(incoming.subject.rpartition(".")[2])
        if waiting and not waiting.done():
            waiting.set_result(incoming)
