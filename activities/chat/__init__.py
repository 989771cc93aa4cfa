"""Activities that speak in a room on a plugin's behalf."""

from activities.chat.activity import ChatActivities
from rosey.durable.surroundings import Activities, Surroundings

__all__ = ["activities"]


def activities(surroundings: Surroundings) -> Activities:
    chat = ChatActivities(surroundings.bus, surroundings.plugin)
    return [chat.announce, chat.ask]
