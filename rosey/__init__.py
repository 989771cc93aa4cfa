"""The kit a plugin author imports."""

from rosey.events import Happening, Outcome, User
from rosey.plugin import Context, Plugin, Refused
from rosey.ranks import Rank
from rosey.values import Rest, Url

__all__ = ["Context", "Happening", "Outcome", "Plugin", "Rank", "Refused", "Rest", "Url", "User"]
