"""What plugins offer each other: a question and its answer, both models."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

from pydantic import BaseModel, ValidationError
from pydantic_core import to_json

if TYPE_CHECKING:
    from rosey.plugin import Context

METHOD = re.compile(r"[a-z_]+")

Server = TypeVar("Server", bound=Callable[..., Awaitable[BaseModel | None]])


class ServiceCode(StrEnum):
    """Why there is no answer."""

    VALIDATION_ERROR = "VALIDATION_ERROR"
    REFUSED = "REFUSED"
    PERMISSION_DENIED = "PERMISSION_DENIED"
    RATE_LIMITED = "RATE_LIMITED"
    INTERNAL_ERROR = "INTERNAL_ERROR"
    TIMEOUT = "TIMEOUT"
    UNAVAILABLE = "UNAVAILABLE"


class ServiceError(Exception):
    """A service did not answer as asked; `code` says why, the text says it in words."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class ServiceAway(ServiceError):
    """Nobody offers the service now, or not in time; whether it did something is not known."""


@dataclass(frozen=True)
class Offer:
    """A method of a plugin, and the models it takes and gives; None for nothing."""

    method: str
    handler: Callable[..., Awaitable[BaseModel | None]]
    request: type[BaseModel] | None
    reply: type[BaseModel] | None

    @classmethod
    def of(cls, handler: Callable[..., Awaitable[BaseModel | None]]) -> Offer:
        """Reads the signature `(ctx, request: Model) -> Model`.

        Raises ValueError for a name that cannot be one, TypeError for anything but models.
        """
        name = handler.__name__
        if not METHOD.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a service: small letters and _ only")
        try:
            hints = get_type_hints(handler)
        except NameError as problem:
            raise TypeError(f"{name}: {problem}; its models must be known at import") from problem
        parameters = list(inspect.signature(handler).parameters)
        if not 1 <= len(parameters) <= 2:
            raise TypeError(f"{name}: a service takes ctx, and one request if it needs any")
        request = _model(name, hints.get(parameters[1])) if len(parameters) == 2 else None
        if "return" not in hints:
            raise TypeError(f"{name}: write what it answers, a pydantic model or None")
        reply = hints["return"]
        return cls(name, handler, request, None if reply is type(None) else _model(name, reply))

    async def answer(self, ctx: Context, data: bytes) -> bytes:
        """The answer's JSON. Raises ServiceError for a request that does not fit."""
        if self.request is None:
            answer = await self.handler(ctx)
        else:
            answer = await self.handler(ctx, _read(self.request, data))
        if self.reply is None and answer is None:
            return succeeded(None)
        if self.reply is None or not isinstance(answer, self.reply):
            raise TypeError(f"{self.method} answered {answer!r:.80}, which is not what it says")
        return succeeded(answer)


def succeeded(reply: BaseModel | None) -> bytes:
    return to_json({"success": True} | (reply.model_dump(mode="json") if reply else {}))


def failed(problem: ServiceError) -> bytes:
    error = {"code": problem.code, "message": str(problem)}
    return to_json({"success": False, "error": error})


def _model(name: str, hint: Any) -> type[BaseModel]:
    if not (inspect.isclass(hint) and issubclass(hint, BaseModel)):
        raise TypeError(f"{name}: a service takes and gives pydantic models, not {hint!r}")
    if taken := {"success", "error"} & hint.model_fields.keys():
        raise TypeError(f"{name}: {hint.__name__}.{taken.pop()} is a word of every answer's own")
    return hint


def _read(model: type[BaseModel], data: bytes) -> BaseModel:
    try:
        return model.model_validate_json(data or b"{}")
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the request"
        raise ServiceError(ServiceCode.VALIDATION_ERROR, f"{where}: {first['msg']}") from problem
