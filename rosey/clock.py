"""This machine's clock, read in one place, so that a test can set it."""

from datetime import UTC, datetime


def now() -> datetime:
    """UTC. Workflows have a time of their own; durations are measured with `time.monotonic`."""
    return datetime.now(UTC)
