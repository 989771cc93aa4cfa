"""What a plugin does at intervals."""

from dataclasses import dataclass

SHORTEST = 1.0


@dataclass(frozen=True)
class Timer:
    """An interval and the action that is run in each room at its end.

    Intervals are counted since 1970, so that all processes mean the same one by a number.
    """

    action: str
    seconds: float

    def __post_init__(self) -> None:
        if self.seconds < SHORTEST:
            raise ValueError(f"a timer takes at least {SHORTEST:g} second, not {self.seconds:g}")

    def next(self, now: float) -> int:
        """The number of the interval that begins next; `now` in seconds since 1970."""
        return int(now // self.seconds) + 1
