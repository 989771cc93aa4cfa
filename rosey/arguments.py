"""What was typed after a command's words, read as the values its handler takes. Pure."""

import re
from dataclasses import dataclass
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from rosey.values import Ambiguous, Here, Kind

LONGEST_MISTAKE = 200
LONGEST_SHOWN = 30
MOST_ITEMS = 50
_WORD = re.compile(r'\s*(?:"([^"]*)"(?=\s|\Z)|“([^”]*)”(?=\s|\Z)|(\S+))')
_BOUNDS = {
    "greater_than_equal": "at least {ge}",
    "greater_than": "more than {gt}",
    "less_than_equal": "at most {le}",
    "less_than": "less than {lt}",
    "multiple_of": "a multiple of {multiple_of}",
    "too_long": "no more than {max_length}",
    "too_short": "no fewer than {min_length}",
    "string_too_long": "at most {max_length} characters long",
    "string_too_short": "at least {min_length} characters long",
}


class Mistake(ValueError):
    """What was typed does not fit; the text says why, for the room. `usage`: showing it helps."""

    def __init__(self, why: str, usage: bool = True) -> None:
        super().__init__(_clean(why, LONGEST_MISTAKE))
        self.usage = usage

    def line(self, usage: str) -> str:
        """One line of at most 200 characters, with the usage if that helps and fits."""
        both = f"{self} Usage: {_clean(usage, LONGEST_MISTAKE)}"
        return both if self.usage and len(both) <= LONGEST_MISTAKE else str(self)


class _Word(NamedTuple):
    text: str
    quoted: bool
    end: int


class _Typed:
    """What is still to be read of a line."""

    def __init__(self, text: str) -> None:
        self._left = text.strip()
        self._at = 0

    @property
    def done(self) -> bool:
        return self._at >= len(self._left)

    def ahead(self, most: int) -> list[_Word]:
        """The next words that can make one value: unquoted ones, or one in quotation marks."""
        words: list[_Word] = []
        at = self._at
        while len(words) < most and (match := _WORD.match(self._left, at)):
            word = _Word(match[match.lastindex or 0], match.lastindex != 3, match.end())
            if words and word.quoted:
                break
            words.append(word)
            if word.quoted:
                break
            at = word.end
        return words

    def skip(self, word: _Word) -> None:
        self._at = word.end

    def rest(self) -> str:
        rest, self._at = self._left[self._at :].strip(), len(self._left)
        return rest


@dataclass(frozen=True)
class Parameter:
    """One parameter of a handler. `check` knows its bounds."""

    name: str
    kind: Kind
    check: TypeAdapter[Any]
    optional: bool = False
    many: bool = False
    rest: bool = False

    @property
    def usage(self) -> str:
        """`<user>`, `[times]` or `[items…]`."""
        name = f"{self.name}…" if self.many else self.name
        return f"[{name}]" if self.optional else f"<{name}>"

    def take(self, typed: _Typed, here: Here) -> Any:
        """Its value from the words that come next. Raises Mistake."""
        if self.rest:
            text = typed.rest()
            return self._checked(text, [text])
        if not self.many:
            text, value = self._one(typed, here)
            return self._checked(value, [text])
        items: list[tuple[str, Any]] = []
        while not typed.done:
            if len(items) == MOST_ITEMS:
                raise Mistake(f"{self.name}: at most {MOST_ITEMS} at once.")
            items.append(self._one(typed, here))
        return self._checked([value for _, value in items], [text for text, _ in items])

    def _one(self, typed: _Typed, here: Here) -> tuple[str, Any]:
        """The longest run of words that makes a value."""
        words = typed.ahead(self.kind.words)
        for count in range(len(words), 0, -1):
            text = " ".join(word.text for word in words[:count])
            try:
                value = self.kind.read(text, here)
            except ValueError as problem:
                why = problem
                continue
            typed.skip(words[count - 1])
            return text, value
        raise Mistake(
            f'{self.name}: "{shown(text)}" {why}.', usage=not isinstance(why, Ambiguous)
        ) from why

    def _checked(self, value: Any, texts: list[str]) -> Any:
        try:
            return self.check.validate_python(value)
        except ValidationError as problem:
            error = problem.errors(include_url=False)[0]
        where = error["loc"][0] if self.many and error["loc"] else None
        text = texts[where] if isinstance(where, int) else " ".join(texts)
        what = error["type"]
        if isinstance(error["input"], str) and what in ("too_long", "too_short"):
            what = f"string_{what}"
        if what in _BOUNDS:
            why = "must be " + _BOUNDS[what].format(**_short(error["ctx"]))
        else:
            why = "does not do: " + error["msg"].removeprefix("Value error, ").rstrip(".")
        raise Mistake(f'{self.name}: "{shown(text)}" {why}.')


@dataclass(frozen=True)
class Arguments:
    """What a command takes after its words."""

    parameters: tuple[Parameter, ...]

    @property
    def usage(self) -> str:
        """`<user> [times]`"""
        return " ".join(parameter.usage for parameter in self.parameters)

    def parse(self, text: str, here: Here) -> list[Any]:
        """The values in order; those left out at the end have their defaults. Raises Mistake."""
        typed, values = _Typed(text), []
        for parameter in self.parameters:
            if typed.done and parameter.optional:
                break
            if typed.done:
                raise Mistake(parameter.kind.missing or f"<{parameter.name}> is missing.")
            values.append(parameter.take(typed, here))
        if not typed.done:
            raise Mistake(f'Too much: I did not expect "{shown(typed.ahead(1)[0].text)}".')
        return values


def shown(text: str) -> str:
    """What somebody typed, fit for a line of chat."""
    return _clean(text, LONGEST_SHOWN)


def _short(bounds: dict[str, Any]) -> dict[str, Any]:
    """Whole numbers without their `.0`."""
    return {
        key: int(bound) if isinstance(bound, float) and bound.is_integer() else bound
        for key, bound in bounds.items()
    }


def _clean(text: str, longest: int) -> str:
    some = text[: 4 * longest]
    line = " ".join("".join(char if char.isprintable() else " " for char in some).split())
    cut = len(line) > longest or len(text) > len(some)
    return f"{line[: longest - 1]}…" if cut else line
