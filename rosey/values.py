"""What a typed word can be: for each type of a handler's argument, how words become its value."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import Enum
from typing import Annotated, Any, Literal, get_args, get_origin
from urllib.parse import urlsplit

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from rosey.events import User
from rosey.names import LONGEST_NAME
from rosey.times import clock_of, day_of, duration_of, moment_of

LONGEST_URL = 2_000
LONGEST_WORD = 100
SUPPORTED = (
    "str, int, float, bool, timedelta, datetime, date, time, User, Url, Rest, an Enum, "
    "a Literal of words or whole numbers, `… | None`, and a list of one of these as the last"
)
_SEPARATED = re.compile(r"[+-]?[0-9]{1,3}(?:([,_'’])[0-9]{3})(?:\1[0-9]{3})*(?:\.[0-9]+)?")
_WHOLE = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_MOST_DIGITS = 18
_SWITCH = {"yes": True, "on": True, "true": True, "no": False, "off": False, "false": False}


class Url(str):
    """A link as typed. Raises ValueError for what is not http or https with a host."""

    def __new__(cls, text: str) -> "Url":
        try:
            parts = urlsplit(text)
            sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:  # a port or an address that cannot be
            sound = False
        if not sound or len(text) > LONGEST_URL or not text.isprintable() or " " in text:
            raise ValueError("is no link like https://example.org/page")
        return super().__new__(cls, text)

    @classmethod
    def __get_pydantic_core_schema__(cls, _: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(cls, handler(str))


class RestOfLine:
    """Marks the text that goes to the end of the line."""


# All that is left of the line, as typed; the last parameter only.
Rest = Annotated[str, RestOfLine()]


@dataclass(frozen=True)
class Here:
    """When and where something was typed, which times in words depend on."""

    now: datetime
    zone: tzinfo = UTC


@dataclass(frozen=True)
class Kind:
    """How words become a value.

    `read` raises ValueError with what goes on after the words: `is no day`. At most `words` of
    them make one value. `missing` asks for it; `example` is a value of the type.
    """

    read: Callable[[str, Here], Any]
    example: Any
    words: int = 1
    missing: str = ""


class Ambiguous(ValueError):
    """The beginning of more than one choice; the text says of which."""


def kind_of(hint: Any) -> Kind:
    """The kind behind a bare type. Raises TypeError for one that cannot be typed in chat."""
    if get_origin(hint) is Literal:
        return _choice({str(value): value for value in get_args(hint)}, get_args(hint))
    if isinstance(hint, type) and issubclass(hint, Enum) and len(hint):
        return _choice({each.name.lower().replace("_", "-"): each for each in hint}, list(hint))
    if isinstance(hint, type) and hint in _KINDS:
        return _KINDS[hint]
    name = hint.__name__ if isinstance(hint, type) else str(hint)
    raise TypeError(f"{name} cannot be typed in chat. Use {SUPPORTED}")


def _choice(choices: dict[str, Any], values: Any) -> Kind:
    folded = {name.casefold(): value for name, value in choices.items()}
    if len(folded) < len(values) or not all(type(v) in (str, int) or _is_enum(v) for v in values):
        raise TypeError("choices are words or whole numbers that differ without regard to case")

    def read(text: str, here: Here) -> Any:
        typed = text[:LONGEST_WORD].casefold()
        ways = (typed, typed.replace("_", "-"))
        for way in ways:
            if way in folded:
                return folded[way]
        near = [name for name in choices if typed and name.casefold().startswith(ways)]
        if not near:
            raise ValueError(f"is none of {_listed(choices, 'and')}")
        if len(near) > 1:
            raise Ambiguous(f"could be {_listed(near, 'or')}")
        return choices[near[0]]

    return Kind(read, next(iter(choices.values())))


def _whole(text: str, here: Here) -> int:
    plain = _without_separators(text)
    if not _WHOLE.fullmatch(plain):
        raise ValueError("is not a whole number")
    return int(_few_digits(plain))


def _number(text: str, here: Here) -> float:
    plain = _without_separators(text)
    if not _NUMBER.fullmatch(plain):
        raise ValueError("is not a number")
    return float(_few_digits(plain))


def _without_separators(text: str) -> str:
    """`1,000,000.5` as `1000000.5`; everything else as it is."""
    return re.sub("[,_'’]", "", text) if _SEPARATED.fullmatch(text) else text


def _few_digits(number: str) -> str:
    sign, digits = "-" * number.startswith("-"), number.lstrip("+-0")
    if len(digits) > _MOST_DIGITS:
        raise ValueError(f"has more than {_MOST_DIGITS} digits")
    return f"{sign}0{digits}"


def _switch(text: str, here: Here) -> bool:
    value = _SWITCH.get(text[:LONGEST_WORD].lower())
    if value is None:
        raise ValueError("is neither yes nor no")
    return value


def _user(text: str, here: Here) -> User:
    """Only the name is known, as typed."""
    name = text.removeprefix("@").strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise ValueError("is no name")
    return User(name=name)


_KINDS: dict[type, Kind] = {
    str: Kind(lambda text, here: text, "word"),
    int: Kind(_whole, 1, missing="How many?"),
    float: Kind(_number, 1.0, missing="How much?"),
    bool: Kind(_switch, True),
    timedelta: Kind(
        lambda text, here: duration_of(text), timedelta(minutes=5), words=10, missing="How long?"
    ),
    datetime: Kind(
        lambda text, here: moment_of(text, here.now, here.zone),
        datetime(2026, 1, 31, 20, tzinfo=UTC),
        words=11,
        missing="When?",
    ),
    date: Kind(
        lambda text, here: day_of(text, here.now, here.zone), date(2026, 1, 31), missing="When?"
    ),
    time: Kind(lambda text, here: clock_of(text), time(20), missing="When?"),
    User: Kind(_user, User(name="alice"), missing="Who?"),
    Url: Kind(lambda text, here: Url(text), Url("https://example.org"), missing="Which link?"),
}


def _is_enum(value: Any) -> bool:
    return isinstance(value, Enum)


def _listed(names: Any, last: str) -> str:
    """`black, blue and red`; of many only the first."""
    some: list[str] = []
    length = 0
    for name in names:
        length += len(name) + 2
        if length > 80:
            return f"{', '.join(some) or name[:60]}, …"
        some.append(name)
    return f" {last} ".join(filter(None, [", ".join(some[:-1]), some[-1]]))
