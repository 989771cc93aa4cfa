"""What random requests about rows and about keys are made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

Requests = st.SearchStrategy[dict[str, Any]]


@dataclass(frozen=True)
class Step:
    """A request `seconds` after the one before."""

    kind: str
    op: str
    request: dict[str, Any]
    seconds: int = 0


def now_and_then(sound: Sequence[Any], unsound: Sequence[Any], odds: int = 40) -> Any:
    """One of `sound`, and one of `unsound` once in so many."""
    return seldom(st.sampled_from(unsound), st.sampled_from(sound), odds)


def seldom(rare: Any, usual: Any, odds: int = 40) -> Any:
    """`rare` once in so many."""
    # The ends of a range are tried more often than the rest.
    middle = odds // 2 + 1
    return st.integers(1, odds).flatmap(lambda number: rare if number == middle else usual)


def merged(*parts: Requests) -> Requests:
    """All of them in one."""
    together = st.tuples(*parts)
    return together.map(lambda found: {name: one[name] for one in found for name in one})


def pages(with_offset: bool = True) -> Requests:
    may: dict[str, Any] = {"limit": now_and_then([1, 2, 3, 5, 1000], [0, 1001, "5", None])}
    if with_offset:
        may["offset"] = now_and_then([0, 1, 2, 5], [-1, 1.5])
    return st.fixed_dictionaries({}, optional=may)
