"""Activities that keep what happened. There is no database yet: results go to the log."""

from activities.storage.activity import record_game
from rosey.durable.surroundings import Activities, Surroundings

__all__ = ["activities"]


def activities(surroundings: Surroundings) -> Activities:
    return [record_game]
