"""What is measured: figures, each beside its floor and its bar. Pure."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Bar:
    """How good a figure has to be: at most `limit`, or at least, itself or as a ratio."""

    limit: float
    at_least: bool = False
    of_ratio: bool = False


@dataclass(frozen=True)
class Figure:
    """One number of a row. The floor is what the machine can do, from the same run.

    Without a bar it is shown for the picture only.
    """

    row: str
    name: str
    value: float
    unit: str
    floor: float | None = None
    floor_name: str = ""
    bar: Bar | None = None

    @property
    def ratio(self) -> float | None:
        """The figure as a multiple of its floor."""
        return self.value / self.floor if self.floor else None

    @property
    def ok(self) -> bool:
        if self.bar is None:
            return True
        held = self.ratio if self.bar.of_ratio else self.value
        if held is None or not math.isfinite(held):
            return False
        return held >= self.bar.limit if self.bar.at_least else held <= self.bar.limit

    def as_dict(self) -> dict[str, Any]:
        """For a file; what judges it is written out."""
        bar = self.bar
        return {
            "row": self.row,
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "floor": self.floor,
            "floor_name": self.floor_name,
            "ratio": self.ratio,
            "bar": bar and {"limit": bar.limit, "at_least": bar.at_least, "ratio": bar.of_ratio},
            "ok": self.ok,
        }


def median(values: Sequence[float]) -> float:
    """Raises ValueError when nothing was measured."""
    if not values:
        raise ValueError("nothing was measured")
    return statistics.median(values)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` of all (0-1) do not exceed. Raises ValueError for none."""
    if not values:
        raise ValueError("nothing was measured")
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
