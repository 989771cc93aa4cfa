"""What is wrong with a configuration, said with file, key and what is allowed."""

import re
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from core.errors import UserError, choices

LONGEST_SHOWN = 80
Place = tuple[int | str, ...]


class Problem(BaseModel):
    """One thing that is wrong: where, and what is allowed there."""

    file: str
    key: str
    message: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.file, self.key, self.message) if part)


class ConfigError(UserError):
    """The configuration cannot be used; `problems` names everything that is wrong with it."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


def error(file: str, message: str) -> ConfigError:
    """A ConfigError for one problem with no key."""
    return ConfigError([Problem(file=file, key="", message=message)])


def problems(
    file: str, model: type[BaseModel], error: ValidationError, prefix: Place = ()
) -> Iterator[Problem]:
    """Each thing that `model` did not take, at its place below `prefix`."""
    for each in error.errors(include_url=False):
        place = tuple(each["loc"])
        message = _message(model, place, each["type"], each["msg"], each["input"])
        yield Problem(file=file, key=path_of((*prefix, *place)), message=message)


def _message(model: type[BaseModel], place: Place, kind: str, message: str, found: Any) -> str:
    owner = _kind_at(model, place[:-1])
    fields = owner.model_fields if isinstance(owner, type) and issubclass(owner, BaseModel) else {}
    if kind == "extra_forbidden":
        return f"unknown key; {choices(str(place[-1]), fields)}"
    if kind == "value_error":
        return message.removeprefix("Value error, ")
    field = fields.get(str(place[-1])) if place else None
    allowed_text = (field.description if field else None) or message
    if kind == "missing":
        return f"this is missing; allowed: {allowed_text}"
    shown = "this" if "password" in str(place) else repr(found)[:LONGEST_SHOWN]
    return f"{shown} does not fit; allowed: {allowed_text}"


def _kind_at(model: type[BaseModel], place: Place) -> Any:
    """The type that stands at a place: through models by field, lists and tables by their items.

    None when the place is not one of these.
    """
    kind: Any = model
    for part in place:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            field = kind.model_fields.get(str(part))
            kind = field.annotation if field else None
        else:
            kind = next(reversed(get_args(kind)), None)
        if type(None) in get_args(kind):
            kind = get_args(kind)[0]
    return kind


def path_of(place: Place) -> str:
    """`connections[0].name`, `channels."cytube/lounge".prefix`."""
    text = ""
    for part in place:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            name = part if re.fullmatch(r"[\w-]+", part) else f'"{part}"'
            text += f".{name}" if text else name
    return text
