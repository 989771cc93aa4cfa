"""Other plugins' services, played by the test."""

from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any

from pydantic import BaseModel
from pydantic_core import from_json

from rosey.manifest import PluginManifest
from rosey.service_client import PATIENCE, Services
from rosey.services import ServiceAway, ServiceCode, ServiceError, failed, succeeded

# A model is always the answer; a function gets the request as plain data.
Answer = BaseModel | Callable[[dict[str, Any]], BaseModel | Awaitable[BaseModel | None] | None]


class FakeServices(Services):
    """Asked as the real ones are: what the manifest does not list is refused here too."""

    def __init__(self, manifest: PluginManifest) -> None:  # without a bus
        self.plugin = manifest.name
        self.listed = frozenset(manifest.services)
        self.offered: dict[str, Answer] = {}

    async def ask(self, name: str, data: bytes, patience: float = PATIENCE) -> bytes:
        """As `Services.ask`; a ServiceError that the test's function raises is the answer."""
        if name not in self.offered:
            raise ServiceAway(ServiceCode.UNAVAILABLE, f"Nobody offers {name} now.")
        answer = self.offered[name]
        if isinstance(answer, BaseModel):
            return succeeded(answer)
        try:
            given = answer(from_json(data) if data else {})
            return succeeded(await given if isawaitable(given) else given)
        except ServiceError as problem:
            return failed(problem)
