"""Key-value buckets, and a mirror of one in memory."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import TYPE_CHECKING

from nats.aio.msg import Msg
from nats.js.errors import InvalidKeyError, KeyNotFoundError
from nats.js.kv import VALID_KEY_RE, KeyValue

from rosey import subjects

if TYPE_CHECKING:
    from rosey.bus.client import Bus

OPERATION = "KV-Operation"
# The server's own word for a value whose time is over.
EXPIRY = "Nats-Marker-Reason"
# Longer than anybody takes to hear that a value is gone.
WORD_SECONDS = 60

Heard = Callable[[str, bytes | None], None]


def sound(key: str) -> str:
    """The key. Raises InvalidKeyError for what cannot be part of a subject."""
    if not VALID_KEY_RE.fullmatch(key) or key[0] == "." or key[-1] == ".":
        raise InvalidKeyError(key)
    return key


class Bucket:
    """Small named values, never empty ones. Keys are tokens separated by dots."""

    def __init__(self, bus: Bus, name: str) -> None:
        self.bus = bus
        self.name = name
        # Made without asking the server about the bucket, which most may not.
        self._store = KeyValue(name, f"KV_{name}", f"$KV.{name}.", bus.js, direct=True)

    async def get(self, key: str) -> bytes | None:
        try:
            return (await self._store.get(sound(key))).value
        except KeyNotFoundError:
            return None

    async def revision(self, key: str) -> int:
        """Another number after each change; 0 when there is no value."""
        try:
            return (await self._store.get(sound(key))).revision or 0
        except KeyNotFoundError:
            return 0

    async def put(self, key: str, value: bytes, ttl: float | None = None) -> None:
        """`ttl` in seconds, in effect up to two more; a later put without one has no end."""
        if ttl is None:
            await self._store.put(sound(key), value)
            return
        # The server counts in whole seconds.
        await self.bus.js.publish(f"$KV.{self.name}.{sound(key)}", value, msg_ttl=max(1, ceil(ttl)))

    async def delete(self, key: str) -> None:
        await self._store.delete(sound(key))

    async def purge(self, key: str) -> None:
        """Deletes it, and soon also the word that it was deleted, so that nothing stays."""
        await self._store.purge(sound(key), msg_ttl=WORD_SECONDS)

    async def keys(self) -> list[str]:
        """Those that have a value."""
        # The library's own way may miss all of them: it takes keys that are on their way for none.
        everything = f"$KV.{self.name}.>"
        found = await self.bus.js.stream_info(f"KV_{self.name}", subjects_filter=everything)
        keys = [subject.removeprefix(everything[:-1]) for subject in found.state.subjects or {}]
        return [key for key in keys if await self.get(key) is not None]

    async def watch(self, heard: Heard, key: str = ">") -> None:
        """Calls `heard(key, value)` for each change from now on, None for what is gone.

        `key` may be a pattern.
        """
        # Not a consumer, which a crash of the server could lose.
        everything = subjects.kept(self.name, ">")

        async def receive(msg: Msg) -> None:
            headers = msg.headers or {}
            gone = headers.get(OPERATION) in ("DEL", "PURGE") or EXPIRY in headers
            heard(msg.subject.removeprefix(everything[:-1]), None if gone else msg.data)

        await self.bus.client.subscribe(subjects.kept(self.name, key), cb=receive)


class Mirror:
    """What the bucket holds, without a round trip to read it; read afresh after a reconnect.

    With `only`, of that key alone: who may read no other can have it.
    """

    def __init__(self, bucket: Bucket, on_change: Heard | None = None, only: str = "") -> None:
        self.bucket = bucket
        self._only = only
        self._on_change = on_change
        self._fresh: dict[str, bytes | None] = {}
        self.values: dict[str, bytes] = {}

    async def start(self) -> None:
        await self.bucket.watch(self._heard, self._only or ">")
        await self.load()

    async def put(self, key: str, value: bytes, ttl: float | None = None) -> None:
        await self.bucket.put(key, value, ttl)

    async def load(self) -> None:
        """Reads all keys; writes heard meanwhile are newer and win."""
        self._fresh = {}
        found: dict[str, bytes] = {}
        for key in [self._only] if self._only else await self.bucket.keys():
            value = await self.bucket.get(key)
            if value is not None:
                found[key] = value
        for key in set(self.values) - set(found) - set(self._fresh):
            self._set(key, None)
        for key, value in (found | self._fresh).items():
            self._set(key, value)

    def _heard(self, key: str, value: bytes | None) -> None:
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
