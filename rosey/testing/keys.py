"""Keys in memory, which end by the clock of this machine."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeGuard

from pydantic import JsonValue
from pydantic_core import to_json

from rosey import clock
from rosey.contracts import storage as wire
from rosey.contracts.storage import LARGEST_VALUE, Code
from rosey.storage.client import StorageError
from rosey.testing.coercion import finite, invalid, whole


@dataclass(frozen=True)
class Kept:
    """A value and when it ends; None is never."""

    value: JsonValue
    ends: datetime | None


class MemoryKeys:
    """What the service keeps under keys."""

    def __init__(self) -> None:
        self.kept: dict[str, Kept] = {}

    def get(self, request: wire.Get) -> wire.Got:
        kept = self._living(request.key)
        return wire.Got(exists=kept is not None, value=kept.value if kept else None)

    def set(self, request: wire.Set) -> wire.Done:
        self._put(request.key, request.value, _end(request.ttl_seconds))
        return wire.Done()

    def delete(self, request: wire.DeleteKey) -> wire.KeyDeleted:
        deleted = self._living(request.key) is not None
        self.kept.pop(request.key, None)
        return wire.KeyDeleted(deleted=deleted)

    def list(self, request: wire.ListKeys) -> wire.Keys:
        living = [key for key in self.kept if self._living(key)]
        found = sorted((key for key in living if key.startswith(request.prefix)), key=str.encode)
        given = found[: request.limit]
        return wire.Keys(keys=given, count=len(given), truncated=len(found) > request.limit)

    def incr(self, request: wire.Incr) -> wire.Incremented:
        kept = self._living(request.key)
        old = kept.value if kept and kept.value is not None else 0
        if not is_number(old):
            raise invalid(f"What stands under {request.key} is no number.")
        value = _added(old, request.by)
        given = kept.ends if kept else None
        self._put(request.key, value, given or _end(request.ttl_seconds))
        return wire.Incremented(value=value)

    def compare_and_set(self, request: wire.CompareAndSet) -> wire.Swapped:
        kept = self._living(request.key)
        now = kept.value if kept else None
        _check(request.value)
        if not alike(now, request.expected):
            return wire.Swapped(swapped=False, value=now)
        self._put(request.key, request.value, _end(request.ttl_seconds))
        return wire.Swapped(swapped=True, value=request.value)

    def _living(self, key: str) -> Kept | None:
        kept = self.kept.get(key)
        is_over = kept and kept.ends and kept.ends <= clock.now()
        return None if is_over else kept

    def _put(self, key: str, value: JsonValue, ends: datetime | None) -> None:
        _check(value)
        self.kept[key] = Kept(value, ends)


def is_number(value: object) -> TypeGuard[int | float]:
    """True and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def alike(one: JsonValue, other: JsonValue) -> bool:
    """Whether both are the same JSON: 1 and 1.0 are, 1 and true are not."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    return isinstance(one, bool) is isinstance(other, bool) and one == other


def _end(ttl_seconds: int | None) -> datetime | None:
    return None if ttl_seconds is None else clock.now() + timedelta(seconds=ttl_seconds)


def _check(value: JsonValue) -> None:
    if len(to_json(value)) > LARGEST_VALUE:
        message = f"A value has at most {LARGEST_VALUE} bytes of JSON."
        raise StorageError(Code.VALUE_TOO_LARGE, message)


def _added(old: float, by: float) -> int | float:
    try:
        new = old + by
        return whole(new) if isinstance(new, int) else finite(new)
    except OverflowError:
        raise invalid("The number becomes too large.") from None
