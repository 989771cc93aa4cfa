"""A connection's session with a platform, and the activities that hold it."""

from activities.connection.activity import ConnectionActivities
from rosey.durable.surroundings import ConnectionDesk, ConnectionSurroundings

__all__ = ["activities"]


def activities(surroundings: ConnectionSurroundings) -> ConnectionDesk:
    return ConnectionActivities(surroundings)
