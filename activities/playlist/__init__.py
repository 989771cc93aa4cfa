"""Activities of a room's queue: what is kept of it, and its wishes about the platform's list."""

from activities.playlist.activity import PlaylistActivities
from activities.playlist.edits import EditActivities
from rosey.durable.surroundings import Activities, Surroundings
from rosey.storage import Database

__all__ = ["activities"]


def activities(surroundings: Surroundings) -> Activities:
    """What a manifest names."""
    playlist = PlaylistActivities(Database.on(surroundings.bus, surroundings.plugin))
    edits = EditActivities(surroundings.bus, surroundings.plugin)
    return [playlist.record_playlist, playlist.load_queue, edits.edit_playlist]
