"""What a plugin's tests need: a bus without a server."""

from rosey.testing.bus import MemoryBus

__all__ = ["MemoryBus"]
