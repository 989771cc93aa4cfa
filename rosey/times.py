"""Spans of time in words."""

import math

UNITS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def duration_words(seconds: float) -> str:
    """Seconds as `1d 1h 1m 1s`, units of zero left out; `Unknown` below zero or without end."""
    if not 0 <= seconds < math.inf:
        return "Unknown"
    rest, words = int(seconds), []
    for unit, size in UNITS:
        count, rest = divmod(rest, size)
        if count:
            words.append(f"{count}{unit}")
    return " ".join(words) or "0s"
