"""Activities that keep a room's queue, its history and its people's statistics."""

from activities.playlist.activity import PlaylistActivities
from rosey.durable.surroundings import Activities, Surroundings
from rosey.storage import Database

__all__ = ["activities"]


def activities(surroundings: Surroundings) -> Activities:
    """What a manifest names."""
    playlist = PlaylistActivities(Database.on(surroundings.bus, surroundings.plugin))
    return [playlist.record_playlist, playlist.load_queue]
