"""What was on of late, so that it does not come again too soon. Pure."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from rosey.contracts.media import FoundMedia
from workflows.playlist.models import Entry, Room
from workflows.playlist.rules import Over

MOST = 1_000
NEVER = datetime.min.replace(tzinfo=UTC)


def remember(room: Room, entry: Entry, at: datetime) -> None:
    """It ended at `at`."""
    keys = [thing(entry.type, entry.media_id), *_title(entry.title), *_series(entry.series)]
    note(room.played, keys, at)


def note(seen: dict[str, datetime], keys: Iterable[str], at: datetime) -> None:
    """The newest stand last, and the oldest are forgotten."""
    for key in keys:
        seen.pop(key, None)
        seen[key] = at
    while len(seen) > MOST:
        del seen[next(iter(seen))]


def last(room: Room, media: FoundMedia) -> datetime:
    """When it was on or was put in by autoplay; NEVER, as far as that is remembered."""
    key = thing(media.type, media.id)
    return max(room.played.get(key, NEVER), room.chosen.get(key, NEVER))


def too_soon(room: Room, media: FoundMedia, now: datetime) -> Over | None:
    """Whether the same title, or another of its series, may not come again yet."""
    settings = room.settings
    same = _since(room, [thing(media.type, media.id), *_title(media.title)])
    until = same + timedelta(seconds=settings.repeat_after)
    if until > now:
        return Over(limit="repeat", until=until)
    until = _since(room, _series(media.series)) + timedelta(seconds=settings.series_after)
    return Over(limit="series", until=until) if until > now else None


def thing(type: str, id: str) -> str:
    return f"{type}:{id}"


def _since(room: Room, keys: Iterable[str]) -> datetime:
    return max((room.played.get(key, NEVER) for key in keys), default=NEVER)


def _title(title: str) -> list[str]:
    return [f"title:{' '.join(title.casefold().split())}"] if title.strip() else []


def _series(series: str) -> list[str]:
    return [f"series:{' '.join(series.casefold().split())}"] if series.strip() else []
