"""Dice notation and rolling: `[count]d<sides>[kh|kl|dh|dl N][+-modifier]`, `adv`, `dis`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Literal, cast

from rosey.texts import Phrase, english

Code = Literal[
    "empty", "format", "min_dice", "max_dice", "min_sides", "max_sides", "modifier", "keep"
]
Selector = Literal["kh", "kl", "dh", "dl"]

NOTATION = re.compile(
    r"(?P<count>[0-9]*)d(?P<sides>[0-9]+)"
    r"(?:(?P<selector>kh|kl|dh|dl)(?P<number>[0-9]+))?"
    r"(?P<modifier>[+-][0-9]+)?"
)
SHORTHANDS = {"adv": "2d20kh1", "dis": "2d20kl1"}
MIN_SIDES = 2
ENGLISH = english(Path(__file__))


@dataclass(frozen=True)
class Limits:
    """How large a roll may be; `max_modifier` counts both ways."""

    max_dice: int = 20
    max_sides: int = 1000
    max_modifier: int = 100


TOOL_LIMITS = Limits(max_dice=100)  # for programs, which do not have to read the line


class NotationError(ValueError):
    """Notation that cannot be rolled. `code` is the key of the text that says why, with `values`.

    `message` says it in English.
    """

    def __init__(self, code: Code, **values: object) -> None:
        self.message = ENGLISH(code, **values)
        super().__init__(self.message)
        self.code = code
        self.values = values


@dataclass(frozen=True)
class Notation:
    """What to roll. `keep` is (kh, kl, dh or dl; how many): keep or drop highest or lowest."""

    count: int
    sides: int
    keep: tuple[Selector, int] | None = None
    modifier: int = 0


@dataclass(frozen=True)
class Roll:
    """What fell. `rolls` and `kept` are in the order they fell."""

    notation: Notation
    rolls: tuple[int, ...]
    kept: tuple[int, ...]
    total: int


def parse(text: str, limits: Limits | None = None) -> Notation:
    """Read notation; case and outer spaces do not matter. Raises NotationError."""
    typed = text.strip()
    if not typed:
        raise NotationError("empty")
    match = NOTATION.fullmatch(_spelled_out(typed.lower()))
    if match is None:
        raise NotationError("format", typed=_short(typed))
    notation = Notation(
        count=_number(match["count"] or "1"),
        sides=_number(match["sides"]),
        keep=(cast(Selector, match["selector"]), _number(match["number"]))
        if match["selector"]
        else None,
        modifier=_number(match["modifier"] or "0"),
    )
    _check(notation, limits or Limits())
    return notation


def roll(notation: Notation, random: Random) -> Roll:
    """Throw the dice."""
    return result(notation, [random.randint(1, notation.sides) for _ in range(notation.count)])


def result(notation: Notation, rolls: Sequence[int]) -> Roll:
    """What these dice come to."""
    kept = keep(notation, rolls)
    return Roll(notation, tuple(rolls), kept, sum(kept) + notation.modifier)


def keep(notation: Notation, rolls: Sequence[int]) -> tuple[int, ...]:
    """The dice that count, in the order they fell; among equals the earlier one stays."""
    counted = _counted(notation, rolls)
    return tuple(value for index, value in enumerate(rolls) if index in counted)


def show(roll: Roll) -> str:
    """One line for the room, dropped dice in parentheses: `🎲 [6, 4, 3, (2)] + 1 = 14`."""
    counted = _counted(roll.notation, roll.rolls)
    dice = ", ".join(
        str(value) if index in counted else f"({value})" for index, value in enumerate(roll.rolls)
    )
    modifier = roll.notation.modifier
    signed = f" {'+' if modifier > 0 else '-'} {abs(modifier)}" if modifier else ""
    return f"🎲 [{dice}]{signed} = {roll.total}"


def flip(random: Random, phrase: Phrase = ENGLISH) -> str:
    """One line for the room: heads or tails."""
    return phrase(random.choice(("heads", "tails")))


def _spelled_out(notation: str) -> str:
    """`adv+5` as `2d20kh1+5`; everything else as it is."""
    word, rest = notation[:3], notation[3:]
    if word in SHORTHANDS and rest[:1] in ("", "+", "-"):
        return SHORTHANDS[word] + rest
    return notation


def _number(digits: str) -> int:
    """A number of any length; beyond nine digits it is out of every limit anyway."""
    sign, size = (-1, digits[1:]) if digits.startswith("-") else (1, digits.lstrip("+"))
    return sign * int(size.lstrip("0")[:10] or "0")


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 30 else f"{text[:29]}…"


def _check(notation: Notation, limits: Limits) -> None:
    count, sides, modifier = notation.count, notation.sides, notation.modifier
    if count < 1:
        raise NotationError("min_dice")
    if count > limits.max_dice:
        raise NotationError("max_dice", most=limits.max_dice)
    if sides < MIN_SIDES:
        raise NotationError("min_sides", least=MIN_SIDES)
    if sides > limits.max_sides:
        raise NotationError("max_sides", most=limits.max_sides)
    if abs(modifier) > limits.max_modifier:
        raise NotationError("modifier", most=limits.max_modifier)
    if notation.keep and not 1 <= _kept_count(notation) <= count:
        raise NotationError("keep", count=count)


def _kept_count(notation: Notation) -> int:
    if notation.keep is None:
        return notation.count
    selector, number = notation.keep
    return number if selector in ("kh", "kl") else notation.count - number


def _counted(notation: Notation, rolls: Sequence[int]) -> set[int]:
    """Positions of the dice that count."""
    # Keeping the highest and dropping the lowest are the same thing.
    highest = notation.keep is not None and notation.keep[0] in ("kh", "dl")
    by_value = sorted(range(len(rolls)), key=lambda index: rolls[index], reverse=highest)
    return set(by_value[: _kept_count(notation)])
