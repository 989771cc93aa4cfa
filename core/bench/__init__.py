"""`bin/rosey bench`: what Rosey does, measured beside what the machine can do."""

from core.bench.runner import run

__all__ = ["run"]
