"""How often something may happen. Pure: who asks says what time it is (seconds)."""

# What rounding may take from a token.
_NOTHING = 1e-9


class TokenBucket:
    """`size` tokens at once, then `per_second`. Both may be changed later."""

    __slots__ = ("_filled_at", "_tokens", "per_second", "size")

    def __init__(self, size: float, per_second: float, now: float) -> None:
        self.size = size
        self.per_second = per_second
        self._tokens = float(size)
        self._filled_at = now

    def take(self, now: float, count: float = 1.0) -> float:
        """Takes `count` tokens and returns 0, or takes none and returns the seconds to wait.

        More than the bucket holds is given by a full one, which then has to make up for it.
        """
        self._fill(now)
        missing = min(count, self.size) - self._tokens
        if missing > _NOTHING:
            return missing / self.per_second
        self._tokens -= count
        return 0.0

    def full(self, now: float) -> bool:
        """Whether it is as good as new."""
        self._fill(now)
        return self._tokens >= self.size

    def _fill(self, now: float) -> None:
        passed = now - self._filled_at
        self._tokens = min(self.size, self._tokens + passed * self.per_second)
        self._filled_at = now
