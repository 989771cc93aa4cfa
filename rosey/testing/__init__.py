"""What a plugin's tests need: a room, a bus and a database without a server."""

from rosey.testing.bus import MemoryBus
from rosey.testing.database import MemoryDatabase
from rosey.testing.offline import NeedsReal
from rosey.testing.real import NeedsMemory, RealFailed
from rosey.testing.room import Room, Said

__all__ = ["MemoryBus", "MemoryDatabase", "NeedsMemory", "NeedsReal", "RealFailed", "Room", "Said"]
