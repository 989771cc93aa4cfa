"""The kit a plugin author imports."""

from rosey.events import Happening, Outcome
from rosey.plugin import Context, Plugin, Refused
from rosey.ranks import Rank

__all__ = ["Context", "Happening", "Outcome", "Plugin", "Rank", "Refused"]
