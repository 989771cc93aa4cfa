"""What a process gives to the activities it runs."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rosey.bus import Bus


@dataclass(frozen=True)
class Surroundings:
    """`plugin` is whose rights the activities use, `folder` where its data files lie.

    A manifest's `activities` name functions `(Surroundings) -> list of activities`.
    """

    bus: Bus
    plugin: str
    folder: Path


Activities = list[Callable[..., Any]]
