"""How often a plugin may ask."""

import time
from collections import deque
from collections.abc import Callable

from core.database.problems import Refusal
from rosey.contracts.storage import Code
from rosey.token_bucket import TokenBucket

# The room's own parts write what everybody says, however fast.
UNLIMITED = "core"
SQL_REQUESTS = 100
SQL_SECONDS = 60.0
PER_SECOND = 500.0
BURST = 1000.0


class Limits:
    """For all plugins, each by itself; `now` gives seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._sql: dict[str, deque[float]] = {}
        self._buckets: dict[str, TokenBucket] = {}

    def take(self, kind: str, plugin: str) -> None:
        """Counts one request. Raises Refusal, which says when to come again."""
        if plugin == UNLIMITED:
            return
        now = self._now()
        if kind == "sql":
            wait = self._take_sql(plugin, now)
            allowed = f"{SQL_REQUESTS} SQL requests in {SQL_SECONDS:g} s"
        else:
            fresh = TokenBucket(BURST, PER_SECOND, now)
            wait = self._buckets.setdefault(plugin, fresh).take(now)
            allowed = f"{PER_SECOND:g} requests a second"
        if wait > 0:
            raise Refusal(
                Code.RATE_LIMITED,
                f"Too many requests: {plugin} may make {allowed}. Try again in {wait:.3f} s.",
            )

    def _take_sql(self, plugin: str, now: float) -> float:
        """Seconds until there is room; 0 when there was."""
        recent = self._sql.setdefault(plugin, deque(maxlen=SQL_REQUESTS))
        if len(recent) == SQL_REQUESTS and now - recent[0] < SQL_SECONDS:
            return recent[0] + SQL_SECONDS - now
        recent.append(now)
        return 0.0
