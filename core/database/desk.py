"""Takes a request as it came and gives the answer as it goes: who may ask how often, and whom."""

import logging
import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from pydantic_core import from_json, to_json

from core.database.limits import UNLIMITED, Limits
from core.database.problems import Away, Refusal
from core.errors import choices
from core.logs import printable
from rosey.contracts.storage import Code
from rosey.manifest import RESERVED

log = logging.getLogger("core.database")

NAME = re.compile(r"[a-z][a-z0-9]{0,63}")
Request = dict[str, Any]


class Part(Protocol):
    """One kind of request: row, kv, sql, migrate."""

    async def perform(self, plugin: str, op: str, request: Request) -> Request:
        """The reply's fields without `success`. Raises Refusal."""


class Desk:
    """`parts` by kind. `on_away` hears when a part found the database unfit for use."""

    def __init__(
        self,
        parts: Mapping[str, Part],
        on_away: Callable[[Away], None] = lambda _: None,
        limits: Limits | None = None,
    ) -> None:
        self._parts = parts
        self._on_away = on_away
        self._limits = limits or Limits()

    async def answer(self, kind: str, plugin: str, op: str, data: bytes) -> bytes:
        """Never raises but when cancelled."""
        try:
            return done(await self._perform(kind, plugin, op, data))
        except Away as away:
            self._on_away(away)
            return refused(away)
        except Refusal as refusal:
            return refused(refusal)
        except Exception:  # a bug costs one request its answer, and not the service its life
            return refused(_mistake(kind, plugin, op))

    async def _perform(self, kind: str, plugin: str, op: str, data: bytes) -> Request:
        part = self._parts.get(kind)
        if part is None:
            what = f"There is no kind {kind[:64]!r} of request; {choices(kind, self._parts)}."
            raise Refusal(Code.NOT_FOUND, what)
        self._limits.take(kind, plugin)
        request = _read(data)
        if not plugin:
            raise Refusal(Code.MISSING_FIELD, "plugin is missing.", "plugin")
        if not is_owner(plugin):
            raise Refusal(Code.PERMISSION_DENIED, f"{plugin!r} is no plugin's name.")
        return await part.perform(plugin, op, request)


def is_owner(name: str) -> bool:
    """Whether tables and keys can be its own: a plugin's name, or the room's own parts."""
    return name == UNLIMITED or (bool(NAME.fullmatch(name)) and name not in RESERVED)


def done(reply: Request) -> bytes:
    return to_json({"success": True, **reply}, inf_nan_mode="null")


def refused(refusal: Refusal) -> bytes:
    problem = refusal.problem.model_dump(mode="json", exclude_none=True)
    return to_json({"success": False, "error": problem})


def _read(data: bytes) -> Request:
    try:
        request = from_json(data, allow_inf_nan=False)
    except ValueError as problem:
        raise Refusal(Code.INVALID_JSON, f"The request is no JSON: {problem}.") from None
    if not isinstance(request, dict):
        raise Refusal(Code.INVALID_JSON, "The request is no JSON object.")
    return request


def _mistake(kind: str, plugin: str, op: str) -> Refusal:
    """For an exception that nobody foresaw; the log has it whole."""
    id = uuid.uuid4().hex[:8]
    log.exception("mistake %s at %s %s of %s", id, kind, printable(op), printable(plugin))
    return Refusal(
        Code.INTERNAL_ERROR, f"Something went wrong in the database service; its log has {id}."
    )
