"""What a process gives to the activities it runs."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rosey.bus import Bus


@dataclass(frozen=True)
class Surroundings:
    """`plugin` is whose rights the activities use, `folder` where it is installed.

    `data` is a folder of its own for what the owner of the machine adds; it may be missing.
    A manifest's `activities` name functions `(Surroundings) -> list of activities`.
    """

    bus: Bus
    plugin: str
    folder: Path
    data: Path


Activities = list[Callable[..., Any]]
