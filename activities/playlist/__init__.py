"""Activities of a room's queue: what is kept of it, and its wishes about the platform's list."""

from activities.playlist.activity import PlaylistActivities
from activities.playlist.edits import EditActivities
from activities.playlist.schedules import ScheduleActivities
from activities.playlist.shows import ShowActivities
from rosey.durable.surroundings import Activities, Surroundings
from rosey.storage import Database

__all__ = ["activities"]


def activities(surroundings: Surroundings) -> Activities:
    """What a manifest names."""
    database = Database.on(surroundings.bus, surroundings.plugin)
    playlist = PlaylistActivities(database)
    edits = EditActivities(surroundings.bus, surroundings.plugin)
    schedules, shows = ScheduleActivities(database), ShowActivities(database)
    return [
        playlist.record_playlist,
        playlist.load_queue,
        playlist.load_list,
        edits.edit_playlist,
        *schedules.activities,
        *shows.activities,
    ]
