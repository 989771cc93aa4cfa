"""New entries of the queue. Pure."""

from datetime import datetime
from typing import Any

from rosey.contracts.media import FoundMedia
from workflows.playlist.models import Entry, Room


def entry_of(room: Room, media: FoundMedia, at: datetime, by: str = "", **more: Any) -> Entry:
    """One of its own number, with whatever else of Entry is given."""
    room.numbers += 1
    return Entry(
        id=f"{room.era}-{room.numbers}",
        type=media.type,
        media_id=media.id,
        title=media.title,
        seconds=media.seconds,
        live=media.live,
        thumbnail=media.thumbnail,
        series=media.series,
        added_by=by,
        added_at=at,
        **more,
    )
