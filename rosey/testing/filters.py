"""Filters over rows in memory, in three truths: yes, no, and None where a null leaves it open.

A row matches only with yes.
"""

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from rosey.testing.coercion import (
    NUMBERS,
    TEXTS,
    Fields,
    Row,
    Value,
    coerced,
    invalid,
    type_of,
)

Truth = bool | None
Condition = Callable[[Row], Truth]
Test = Callable[[Value], Truth]

DEEPEST = 20
MOST_CONDITIONS = 200
# Of all `$in` and `$nin` together.
MOST_VALUES = 10_000
LONGEST_PATTERN = 10_000
GROUPS = ("$and", "$or")
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
}


def condition(fields: Fields, given: Mapping[str, Any]) -> Condition:
    """What a filter asks of a row.

    Raises StorageError for a filter that is not sound.
    """
    asks = _filter(fields, given, 0)
    asked = list(_conditions(given))
    if len(asked) > MOST_CONDITIONS:
        raise invalid(f"A filter has at most {MOST_CONDITIONS} conditions.")
    if sum(len(value) for value in asked if isinstance(value, list)) > MOST_VALUES:
        raise invalid(f"The lists of a filter have at most {MOST_VALUES} values.")
    return asks


def equalities(fields: Fields, given: Mapping[str, Any]) -> Row:
    """What a row that matches this sound filter is told to be, outside of $and, $or and $not."""
    found: Row = {}
    for name, wanted in given.items():
        if not name.startswith("$"):
            operators = wanted if isinstance(wanted, dict) else {"$eq": wanted}
            if "$eq" in operators:
                found[name] = coerced(fields, name, operators["$eq"])
    return found


def both(truths: Iterable[Truth]) -> Truth:
    """Yes when all are, no when one is no."""
    all_of = list(truths)
    if False in all_of:
        return False
    return None if None in all_of else True


def either(truths: Iterable[Truth]) -> Truth:
    """Yes when one is, no when all are no."""
    return opposite(both(opposite(truth) for truth in truths))


def opposite(truth: Truth) -> Truth:
    """What is open stays open."""
    return None if truth is None else not truth


def _filter(fields: Fields, given: Any, depth: int) -> Condition:
    if not isinstance(given, dict):
        raise invalid("A filter is an object.")
    if depth > DEEPEST:
        raise invalid(f"A filter is at most {DEEPEST} deep.")
    parts = [_part(fields, name, wanted, depth) for name, wanted in given.items()]
    return lambda row: both(part(row) for part in parts)


def _part(fields: Fields, name: str, wanted: Any, depth: int) -> Condition:
    if name == "$not":
        inner = _filter(fields, wanted, depth + 1)
        return lambda row: opposite(inner(row))
    if name in GROUPS:
        if not isinstance(wanted, list) or not wanted:
            raise invalid(f"{name} takes a list of filters, at least one.")
        together = both if name == "$and" else either
        inners = [_filter(fields, each, depth + 1) for each in wanted]
        return lambda row: together(inner(row) for inner in inners)
    type_of(fields, name)
    operators = wanted if isinstance(wanted, dict) else {"$eq": wanted}
    if not operators:
        raise invalid(f"{name} has no operator.")
    tests = [_test(fields, name, sign, value) for sign, value in operators.items()]
    return lambda row: both(test(row[name]) for test in tests)


def _conditions(given: Mapping[str, Any]) -> Iterator[Any]:
    """What each operator of a sound filter is given."""
    for name, wanted in given.items():
        if name in GROUPS:
            for each in wanted:
                yield from _conditions(each)
        elif name == "$not":
            yield from _conditions(wanted)
        else:
            yield from wanted.values() if isinstance(wanted, dict) else (wanted,)


def _test(fields: Fields, name: str, sign: str, value: Any) -> Test:
    match sign:
        case "$eq":
            return _equal(coerced(fields, name, value))
        case "$ne":
            other = _equal(coerced(fields, name, value))
            return lambda kept: opposite(other(kept))
        case "$gt" | "$gte" | "$lt" | "$lte":
            return _comparison(fields, name, sign, value)
        case "$in" | "$nin":
            return _choice(fields, name, sign, value)
        case "$like" | "$ilike":
            return _likeness(fields, name, sign, value)
        case "$exists" | "$null":
            if not isinstance(value, bool):
                raise invalid(f"{sign} of {name} takes true or false.")
            wants_null = value is (sign == "$null")
            return lambda kept: (kept is None) is wants_null
    raise invalid(f"There is no operator {sign!r} ({name}).")


def _equal(wanted: Value) -> Test:
    if wanted is None:
        return lambda kept: kept is None
    return lambda kept: None if kept is None else kept == wanted


def _comparison(fields: Fields, name: str, sign: str, value: Any) -> Test:
    if fields[name] not in (*NUMBERS, "datetime"):
        raise invalid(f"{sign} is for numbers and times, and {name} is neither.")
    if value is None:
        raise invalid(f"{sign} of {name} does not take null.")
    wanted, compare = coerced(fields, name, value), COMPARISONS[sign]
    return lambda kept: None if kept is None else compare(kept, wanted)


def _choice(fields: Fields, name: str, sign: str, value: Any) -> Test:
    if not isinstance(value, list) or not value or None in value:
        raise invalid(f"{sign} of {name} takes a list of values, at least one, none of them null.")
    wanted = [coerced(fields, name, each) for each in value]
    is_in = sign == "$in"
    return lambda kept: None if kept is None else (kept in wanted) is is_in


def _likeness(fields: Fields, name: str, sign: str, value: Any) -> Test:
    if fields[name] not in TEXTS:
        raise invalid(f"{sign} is for text, and {name} is none.")
    if not isinstance(value, str) or "\0" in value or len(value) > LONGEST_PATTERN:
        raise invalid(f"{sign} of {name} takes a pattern of up to {LONGEST_PATTERN} characters.")
    seen = small if sign == "$ilike" else str
    signs = pattern(seen(value))

    def test(kept: Value) -> Truth:
        return None if kept is None else like(seen(str(kept)), signs)

    return test


def small(text: str) -> str:
    """In small letters, one for one."""
    return "".join(letter.lower()[0] for letter in text)


def pattern(text: str) -> list[tuple[str, bool]]:
    r"""Its characters in order, each with whether it stands for itself; `\` escapes one.

    Raises StorageError when nothing follows a `\`.
    """
    signs: list[tuple[str, bool]] = []
    letters = iter(text)
    for letter in letters:
        if letter != "\\":
            signs.append((letter, letter not in "%_"))
            continue
        escaped = next(letters, None)
        if escaped is None:
            raise invalid("A pattern does not end in a lone \\.")
        signs.append((escaped, True))
    return signs


def like(text: str, signs: list[tuple[str, bool]]) -> bool:
    """Whether all of `text` fits: `%` is any text, `_` any one character."""
    # How many characters of the text the signs read so far can have used.
    reached = {0}
    for letter, is_itself in signs:
        if is_itself:
            reached = {at + 1 for at in reached if text[at : at + 1] == letter}
        elif letter == "_":
            reached = {at + 1 for at in reached if at < len(text)}
        elif reached:
            reached = set(range(min(reached), len(text) + 1))
    return len(text) in reached
