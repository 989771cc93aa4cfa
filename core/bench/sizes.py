"""How much is measured."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """Counts, and times in seconds; the whole bench takes about seven minutes with these."""

    times: int = 3
    frames: int = 5_000
    paced_rate: int = 1_000
    paced_seconds: float = 2.0
    plugins: int = 5
    bus_seconds: float = 3.0
    commands: int = 60
    answers: int = 40
    answers_within: float = 0.1
    storage_rate: int = 200
    queued: int = 200
    games: int = 1_000
    games_last: float = 30.0
    # Before each crash, so that it is not taken for one more in a row of crashes.
    steady: float = 6.0
