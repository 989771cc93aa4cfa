"""What a plugin's tests need: a bus and a database without a server."""

from rosey.testing.bus import MemoryBus
from rosey.testing.database import MemoryDatabase

__all__ = ["MemoryBus", "MemoryDatabase"]
