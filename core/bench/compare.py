"""This run beside an earlier one. Pure, but for reading the file."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from core.bench.figures import Figure
from core.errors import UserError

WARN = 0.05
FAIL = 0.10


class Verdict(Enum):
    """How a figure stands to the earlier one."""

    SAME = "same"
    WORSE = "worse"
    MUCH_WORSE = "much worse"


@dataclass(frozen=True)
class Change:
    """`worse` is the part by which the figure is worse; negative when it is better."""

    row: str
    name: str
    worse: float
    by_ratio: bool

    @property
    def verdict(self) -> Verdict:
        if self.worse > FAIL:
            return Verdict.MUCH_WORSE
        return Verdict.WORSE if self.worse > WARN else Verdict.SAME


def read(file: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """The figures of an earlier `--json` by row and name. Raises UserError for anything else."""
    try:
        figures = json.loads(file.read_text())["figures"]
        return {(str(one["row"]), str(one["name"])): _checked(one) for one in figures}
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise UserError(
            f"{file} is no earlier run ({problem!r}); make one with bin/rosey bench --json."
        ) from problem


def compare(
    figures: Sequence[Figure], earlier: dict[tuple[str, str], dict[str, Any]]
) -> dict[tuple[str, str], Change]:
    """What can be compared: figures with a bar that both runs have.

    By their ratio to the floor where both have one, since that hardly depends on the machine.
    """
    changes = {}
    for figure in figures:
        key = (figure.row, figure.name)
        before = earlier.get(key)
        if before is None or figure.bar is None:
            continue
        then, now = before["ratio"], figure.ratio
        by_ratio = then is not None and now is not None
        worse = _worse(
            then if by_ratio else before["value"],
            now if by_ratio and now is not None else figure.value,
            figure.bar.at_least,
        )
        changes[key] = Change(figure.row, figure.name, worse, by_ratio)
    return changes


def _worse(then: float, now: float, more_is_better: bool) -> float:
    if then == now:
        return 0.0
    better, other = (now, then) if more_is_better else (then, now)
    return (other - better) / better if better else float("inf")


def _checked(one: dict[str, Any]) -> dict[str, Any]:
    ratio = one["ratio"]
    return {"value": float(one["value"]), "ratio": None if ratio is None else float(ratio)}
