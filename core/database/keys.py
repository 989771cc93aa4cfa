"""Key-value: `db.kv.<plugin>.<op>`."""

import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from pydantic import BaseModel, JsonValue, ValidationError
from pydantic_core import from_json
from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from core.database import own_tables
from core.database.local import Executes
from core.database.problems import Refusal, invalid, malformed
from core.database.quick import Quick
from core.database.store import Store
from core.database.writes import Work, Writer
from core.errors import choices
from rosey import clock
from rosey.contracts import storage as wire
from rosey.contracts.storage import LARGEST_VALUE, Code

Request = TypeVar("Request", bound=BaseModel)
Reply = dict[str, Any]

keys = own_tables.keys
SMALLEST, LARGEST = -(2**63), 2**63 - 1
LAST_CHARACTER = "\U0010ffff"
GET = (
    "SELECT value FROM db_kv WHERE plugin = $1 AND key = $2"
    " AND (expires_at IS NULL OR expires_at > $3)"
)


class Keys:
    """The keys of every plugin, each with its own. What has expired is there for nobody."""

    def __init__(self, store: Store, writer: Writer) -> None:
        self._store = store
        self._writer = writer
        self._quick = Quick(store)
        self._operations: dict[str, Callable[[str, dict[str, Any]], Awaitable[Reply]]] = {
            "get": self._get,
            "set": self._set,
            "delete": self._delete,
            "list": self._list,
            "incr": self._incr,
            "compare_and_set": self._compare_and_set,
        }

    async def perform(self, plugin: str, op: str, request: dict[str, Any]) -> Reply:
        """The reply's fields. Raises Refusal."""
        if not plugin:
            raise Refusal(Code.MISSING_FIELD, "plugin is missing.", "plugin")
        operation = self._operations.get(op)
        if operation is None:
            what = f"There is no operation {op[:64]!r}; {choices(op, self._operations)}."
            raise Refusal(Code.NOT_FOUND, what)
        return await operation(plugin, request)

    async def close(self) -> None:
        await self._quick.close()

    async def _get(self, plugin: str, request: dict[str, Any]) -> Reply:
        asked = _parse(wire.Get, request)
        found = await self._quick.rows(GET, plugin, asked.key, now())
        if not found:
            return {"exists": False, "value": None}
        return {"exists": True, "value": from_json(found[0][0])}

    async def _set(self, plugin: str, request: dict[str, Any]) -> Reply:
        asked = _parse(wire.Set, request)
        value, expires_at = _text(asked.value), _end(asked.ttl_seconds)

        async def work(connection: Executes) -> tuple[Reply, int]:
            await put(connection, plugin, asked.key, value, expires_at)
            return {}, 1

        return await self._write(plugin, "set", work)

    async def _delete(self, plugin: str, request: dict[str, Any]) -> Reply:
        asked = _parse(wire.DeleteKey, request)

        async def work(connection: Executes) -> tuple[Reply, int]:
            statement = delete(keys).where(
                keys.c.plugin == plugin, keys.c.key == asked.key, _lives()
            )
            gone = (await connection.execute(statement)).rowcount
            return {"deleted": gone > 0}, gone

        return await self._write(plugin, "delete", work)

    async def _list(self, plugin: str, request: dict[str, Any]) -> Reply:
        asked = _parse(wire.ListKeys, request)
        if "\0" in asked.prefix:  # no key has one, and PostgreSQL would not even look
            return {"keys": [], "count": 0, "truncated": False}
        statement = select(keys.c.key).where(keys.c.plugin == plugin, _lives())
        if asked.prefix:
            statement = statement.where(keys.c.key >= asked.prefix)
        if after := _after(asked.prefix):
            statement = statement.where(keys.c.key < after)
        some = statement.order_by(keys.c.key).limit(asked.limit + 1)

        async def work(connection: Executes) -> list[str]:
            return list((await connection.execute(some)).scalars())

        found = await self._store.look(work)
        shown = found[: asked.limit]
        return {"keys": shown, "count": len(shown), "truncated": len(found) > len(shown)}

    async def _incr(self, plugin: str, request: dict[str, Any]) -> Reply:
        asked = _parse(wire.Incr, request)
        if not _is_number(request.get("by", 1)):
            raise invalid("by is no number.", "by")

        async def work(connection: Executes) -> tuple[Reply, int]:
            value, expires_at = await _hold(connection, plugin, asked.key)
            total = _sum(asked.key, value, asked.by)
            end = expires_at if expires_at is not None else _end(asked.ttl_seconds)
            await _replace(connection, plugin, asked.key, _text(total), end)
            return {"value": total}, 1

        return await self._write(plugin, "incr", work, asked.idempotency_key)

    async def _compare_and_set(self, plugin: str, request: dict[str, Any]) -> Reply:
        asked = _parse(wire.CompareAndSet, request)
        text, end = _text(asked.value), _end(asked.ttl_seconds)

        async def work(connection: Executes) -> tuple[Reply, int]:
            value, _ = await _hold(connection, plugin, asked.key)
            if not same(value, asked.expected):
                return {"swapped": False, "value": value}, 0
            await _replace(connection, plugin, asked.key, text, end)
            return {"swapped": True, "value": asked.value}, 1

        return await self._write(plugin, "compare_and_set", work)

    async def _write(self, plugin: str, op: str, work: Work, key: str | None = None) -> Reply:
        return await self._writer.write(plugin, op, keys.name, work, key)


def now() -> int:
    """Milliseconds since 1970."""
    return int(clock.now().timestamp() * 1000)


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same JSON: 1 is 1.0, and true is no number."""
    match one, other:
        case (dict(), dict()):
            return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
        case (list(), list()):
            return len(one) == len(other) and all(map(same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


async def put(
    connection: Executes, plugin: str, key: str, value: str, expires_at: int | None
) -> None:
    """`value` is JSON; whatever was there before is gone."""
    row = {"plugin": plugin, "key": key, "value": value, "expires_at": expires_at}
    made = _insert(connection).values(row)
    await connection.execute(
        made.on_conflict_do_update(
            index_elements=[keys.c.plugin, keys.c.key],
            set_={"value": made.excluded.value, "expires_at": made.excluded.expires_at},
        )
    )


async def _hold(connection: Executes, plugin: str, key: str) -> tuple[JsonValue, int | None]:
    """The value and its end, kept from everybody else until the transaction ends.

    Of a key that is not there null; its place is held by a row that has expired long ago.
    """
    row = {"plugin": plugin, "key": key, "value": "null", "expires_at": 0}
    held = (
        _insert(connection)
        .values(row)
        .on_conflict_do_update(
            index_elements=[keys.c.plugin, keys.c.key], set_={"plugin": keys.c.plugin}
        )
        .returning(keys.c.value, keys.c.expires_at)
    )
    found = (await connection.execute(held)).one()
    value, expires_at = found.value, found.expires_at
    if expires_at is not None and expires_at <= now():
        return None, None
    return from_json(value), expires_at


async def _replace(
    connection: Executes, plugin: str, key: str, value: str, expires_at: int | None
) -> None:
    mine = (keys.c.plugin == plugin) & (keys.c.key == key)
    await connection.execute(update(keys).where(mine).values(value=value, expires_at=expires_at))


def _insert(connection: Executes) -> Any:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    return dialect.insert(keys)


def _lives() -> Any:
    return keys.c.expires_at.is_(None) | (keys.c.expires_at > now())


def _parse(model: type[Request], request: dict[str, Any]) -> Request:
    try:
        return model.model_validate(request)
    except ValidationError as problem:
        raise malformed(problem) from None


def _text(value: JsonValue) -> str:
    """A value as it is kept. Raises Refusal for what is no JSON or too large."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        size = len(text.encode())
    except (ValueError, RecursionError):
        raise invalid(
            "value is no JSON: infinite numbers and halves of characters cannot be kept.", "value"
        ) from None
    if size > LARGEST_VALUE:
        raise Refusal(
            Code.VALUE_TOO_LARGE,
            f"value is too large: {size} bytes as JSON, at most {LARGEST_VALUE}.",
            "value",
        )
    return text


def _end(ttl_seconds: int | None) -> int | None:
    return None if ttl_seconds is None else now() + ttl_seconds * 1000


def _after(prefix: str) -> str | None:
    """The smallest text that is larger than all that begin with `prefix`; None: there is none."""
    shorter = prefix.rstrip(LAST_CHARACTER)
    if not shorter:
        return None
    following = ord(shorter[-1]) + 1
    if 0xD800 <= following <= 0xDFFF:  # halves of surrogate pairs are no characters
        following = 0xE000
    return shorter[:-1] + chr(following)


def _sum(key: str, value: JsonValue, by: float) -> int | float:
    """Raises Refusal when the value is no number or the result none that can be kept."""
    if value is None:
        value = 0
    if not _is_number(value):
        raise invalid(f"The value of {key!r} is no number.", "key")
    assert isinstance(value, int | float)
    try:
        total = value + by
    except OverflowError:
        total = float("inf")
    if isinstance(total, int) and SMALLEST <= total <= LARGEST:
        return total
    if isinstance(total, float) and abs(total) != float("inf"):
        return total
    raise invalid(f"The value of {key!r} would become too large.", "by")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
