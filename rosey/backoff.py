"""How long to wait before the next try, and whether there is one. Delays in seconds."""

from typing import Literal

RestartPolicy = Literal["always", "unless-stopped", "on-failure", "never"]

PLATFORM_DELAYS = (5, 10, 20, 40)
LONGEST = 60


def platform_delay(attempt: int) -> int:
    """Before reconnecting to a platform for the `attempt`-th time, from 1: 5, 10, 20, 40, 60."""
    if attempt < 1:
        raise ValueError(f"attempts count from 1, not {attempt}")
    return PLATFORM_DELAYS[attempt - 1] if attempt <= len(PLATFORM_DELAYS) else LONGEST


def restart_delay(previous_restarts: int) -> int:
    """Before restarting a process that was restarted so often before: 1, 2, 4 ... at most 60."""
    if previous_restarts < 0:
        raise ValueError(f"restarts count from 0, not {previous_restarts}")
    return min(LONGEST, 1 << min(previous_restarts, 6))


def restart_allowed(policy: RestartPolicy, max_retries: int, restarts: int) -> bool:
    """Whether a process restarted `restarts` times in a row may be started once more."""
    if policy == "always":
        return True
    return policy != "never" and restarts < max_retries
