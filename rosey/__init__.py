"""The kit a plugin author imports."""

from rosey.events import (
    ConnectionEvent,
    Happening,
    MediaEvent,
    Message,
    Outcome,
    PlaylistChange,
    PluginEvent,
    User,
    UserEvent,
)
from rosey.plugin import Context, Plugin, Refused
from rosey.ranks import Rank
from rosey.services import ServiceAway, ServiceError
from rosey.values import Rest, Url

__all__ = [
    "ConnectionEvent",
    "Context",
    "Happening",
    "MediaEvent",
    "Message",
    "Outcome",
    "PlaylistChange",
    "Plugin",
    "PluginEvent",
    "Rank",
    "Refused",
    "Rest",
    "ServiceAway",
    "ServiceError",
    "Url",
    "User",
    "UserEvent",
]
