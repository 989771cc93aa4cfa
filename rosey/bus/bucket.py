"""Key-value buckets, and a mirror of one in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from nats.aio.msg import Msg
from nats.js.errors import KeyNotFoundError, NoKeysError
from nats.js.kv import KeyValue

if TYPE_CHECKING:
    from rosey.bus.client import Bus

OPERATION = "KV-Operation"


class Bucket:
    """Small named values. Keys are tokens separated by dots."""

    def __init__(self, bus: Bus, name: str) -> None:
        self.bus = bus
        # Made without asking the server about the bucket, which most may not.
        self._store = KeyValue(name, f"KV_{name}", f"$KV.{name}.", bus.js, direct=True)

    async def get(self, key: str) -> bytes | None:
        try:
            return (await self._store.get(key)).value
        except KeyNotFoundError:
            return None

    async def put(self, key: str, value: bytes) -> None:
        await self._store.put(key, value)

    async def delete(self, key: str) -> None:
        await self._store.delete(key)

    async def keys(self) -> list[str]:
        try:
            return await self._store.keys()
        except NoKeysError:
            return []


class Mirror(Bucket):
    """What the bucket holds, without a round trip to read it.

    It listens to the writes themselves, so it needs no consumer that a server crash could lose,
    and reads everything afresh after a reconnect.
    """

    def __init__(
        self,
        bus: Bus,
        name: str,
        on_change: Callable[[str, bytes | None], None] | None = None,
    ) -> None:
        super().__init__(bus, name)
        self._prefix = f"$KV.{name}."
        self._on_change = on_change
        self._fresh: dict[str, bytes | None] = {}
        self.values: dict[str, bytes] = {}

    async def start(self) -> None:
        await self.bus.client.subscribe(f"{self._prefix}>", cb=self._heard)
        await self.load()

    async def load(self) -> None:
        """Reads all keys; writes heard meanwhile are newer and win."""
        self._fresh = {}
        found: dict[str, bytes] = {}
        for key in await self.keys():
            value = await self.get(key)
            if value is not None:
                found[key] = value
        for key in set(self.values) - set(found) - set(self._fresh):
            self._set(key, None)
        for key, value in (found | self._fresh).items():
            self._set(key, value)

    async def _heard(self, msg: Msg) -> None:
        key = msg.subject.removeprefix(self._prefix)
        gone = bool(msg.headers and msg.headers.get(OPERATION) in ("DEL", "PURGE"))
        value = None if gone else msg.data
        self._fresh[key] = value
        self._set(key, value)

    def _set(self, key: str, value: bytes | None) -> None:
        if self.values.get(key) == value:
            return
        if value is None:
            self.values.pop(key, None)
        else:
            self.values[key] = value
        if self._on_change:
            self._on_change(key, value)
