"""Activities that keep what happened, in the tables of the plugin that they work for."""

from activities.storage.activity import StorageActivities
from rosey.durable.surroundings import Activities, Surroundings
from rosey.storage import Database

__all__ = ["activities"]


def activities(surroundings: Surroundings) -> Activities:
    """What a manifest names."""
    storage = StorageActivities(Database.on(surroundings.bus, surroundings.plugin))
    return [storage.record_game]
